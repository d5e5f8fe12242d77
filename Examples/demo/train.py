#!/usr/bin/env python3
"""Makes the bundled demo: a synthetic image data set of ten classes and a small network that classifies it.

Everything is drawn by this file from a seed; nothing comes from anywhere else.  To make it all again:

    python3 -m venv .venv
    .venv/bin/pip install numpy pillow onnx onnxruntime sympy
    .venv/bin/pip install torch --index-url https://download.pytorch.org/whl/cpu
    .venv/bin/python train.py data      # calibration/, evaluation/ and demo.json     (seconds)
    .venv/bin/python train.py train     # shapes.onnx                                 (minutes, CPU)
    .venv/bin/python train.py measure   # the table of README.md                      (under a minute)

The images are the same on every machine up to the JPEG encoder.  The network is the same up to the rounding of
floating-point sums, which depends on the machine and the versions; expect the figures to move by a point or so.

The network is a MobileNetV2 in small: inverted residuals, depthwise convolutions, ReLU6, batch normalization.  The
scales ("gamma") of the normalizations before and after each depthwise convolution start from a wide log-normal
distribution instead of all ones, and are not decayed.  This is deliberate.  Once batch normalization is folded, the
channels of a depthwise convolution then have weights of very different ranges, as they do in MobileNets trained for
long on real photographs, and one scale for the whole weight tensor cannot serve them all.  A network trained for a few
minutes from ones would not have grown that property, and would leave a quantizer nothing to solve.

The ONNX file is written node by node rather than by an exporter, to keep the batch normalizations as nodes of their own
and to give every node a name that one can read in a report.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import multiprocessing
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float32]  # one value for each pixel
Pixels = NDArray[np.uint8]  # height x width x RGB

HERE = Path(__file__).resolve().parent
MODEL = HERE / "shapes.onnx"

CLASSES = ("checker", "cross", "disc", "dots", "ring", "square", "star", "stripes", "triangle", "zigzag")
SIZE = 48
MEAN, STD = 127.5, 127.5
JPEG_QUALITY = 85
SEED = 2024

SPLITS = {"train": 0, "calibration": 1, "evaluation": 2}  # part of each image's seed: the splits never share an image
CALIBRATION_PER_CLASS = 10
EVALUATION_PER_CLASS = 100
TRAIN_IMAGES = 60_000
EPOCHS = 8
BATCH = 128


# ---------------------------------------------------------------------------------------------------------------------
# Shapes.  Each gives a signed distance, negative inside, in units of the shape's radius.

Shape = Callable[[Field, Field, np.random.Generator], Field]


def segment(x: Field, y: Field, a: NDArray, b: NDArray) -> Field:
    """Distance to the line segment from a to b."""
    d = b - a
    t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / max(float(d @ d), 1e-6), 0, 1)
    return np.hypot(x - a[0] - t * d[0], y - a[1] - t * d[1])


def window(x: Field, y: Field, rng: np.random.Generator) -> Field:
    """The outline of a textured patch: round or square, so that the outline says nothing about the texture."""
    return np.hypot(x, y) - 1 if rng.random() < 0.5 else np.maximum(np.abs(x), np.abs(y)) - 0.88


def checker(x: Field, y: Field, rng: np.random.Generator) -> Field:
    k, p, q = rng.uniform(3.6, 6.5), *rng.uniform(0, 2 * np.pi, 2)
    return np.maximum(window(x, y, rng), np.sin(k * x + p) * np.sin(k * y + q) / k)


def cross(x: Field, y: Field, rng: np.random.Generator) -> Field:
    w, a, b = rng.uniform(0.14, 0.34), np.abs(x), np.abs(y)
    return np.minimum(np.maximum(a - w, b - 1), np.maximum(b - w, a - 1))


def disc(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return np.hypot(x, y) - 0.95


def dots(x: Field, y: Field, rng: np.random.Generator) -> Field:
    pitch, radius = rng.uniform(0.5, 0.75), rng.uniform(0.26, 0.36)
    p, q = rng.uniform(0, 1, 2)
    cell = np.hypot((x / pitch + p) % 1 - 0.5, (y / pitch + q) % 1 - 0.5) - radius
    return np.maximum(window(x, y, rng), cell * pitch)


def ring(x: Field, y: Field, rng: np.random.Generator) -> Field:
    w = rng.uniform(0.10, 0.26)
    return np.abs(np.hypot(x, y) - (1 - w)) - w


def square(x: Field, y: Field, rng: np.random.Generator) -> Field:
    return np.maximum(np.abs(x), np.abs(y)) - 0.84


def star(x: Field, y: Field, rng: np.random.Generator) -> Field:
    points, inner = int(rng.integers(5, 7)), rng.uniform(0.42, 0.6)
    half = np.pi / points
    angle = np.abs((np.arctan2(y, x) + half) % (2 * half) - half)
    radius = np.hypot(x, y)
    # The edge from the tip (1, 0) to the notch at (inner, half), as a line; each sector is folded on to one edge.
    tip, notch = np.array([1.0, 0.0]), inner * np.array([math.cos(half), math.sin(half)])
    edge = notch - tip
    normal = np.array([edge[1], -edge[0]]) / np.linalg.norm(edge)
    return (radius * np.cos(angle) - tip[0]) * normal[0] + (radius * np.sin(angle) - tip[1]) * normal[1]


def stripes(x: Field, y: Field, rng: np.random.Generator) -> Field:
    k, p = rng.uniform(4.0, 8.0), rng.uniform(0, 2 * np.pi)
    return np.maximum(window(x, y, rng), np.sin(k * x + p) / k)


def triangle(x: Field, y: Field, rng: np.random.Generator) -> Field:
    sides = [x * math.cos(a) + y * math.sin(a) for a in (np.pi / 2, np.pi * 7 / 6, np.pi * 11 / 6)]
    return np.maximum.reduce(sides) - 0.56


def zigzag(x: Field, y: Field, rng: np.random.Generator) -> Field:
    corners = int(rng.integers(4, 7))
    xs, height = np.linspace(-1, 1, corners), rng.uniform(0.35, 0.65)
    points = np.stack([xs, height * np.where(np.arange(corners) % 2, 1, -1)], axis=1)
    points += rng.normal(0, 0.06, points.shape)
    return np.minimum.reduce([segment(x, y, a, b) for a, b in zip(points, points[1:])]) - rng.uniform(0.09, 0.16)


DRAWN = (checker, cross, disc, dots, ring, square, star, stripes, triangle, zigzag)
SHAPES: dict[str, Shape] = {shape.__name__: shape for shape in DRAWN}
assert tuple(SHAPES) == CLASSES == tuple(sorted(CLASSES))


# ---------------------------------------------------------------------------------------------------------------------
# Images.


def paint(canvas: Field, distance: Field, colour: NDArray, softness: float) -> None:
    """Lays a colour over the canvas where distance, in pixels, is negative."""
    cover = np.clip(0.5 - distance / softness, 0, 1)[..., None]
    canvas += cover * (colour - canvas)


def clutter(canvas: Field, px: Field, py: Field, count: int, rng: np.random.Generator) -> None:
    """Strokes and specks that belong to no class."""
    for _ in range(count):
        a = rng.uniform(0, SIZE, 2)
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0, 20) * (rng.random() < 0.75)
        b = a + length * np.array([math.cos(angle), math.sin(angle)])
        width = rng.uniform(0.5, 1.5) if length else rng.uniform(0.8, 3.0)
        paint(canvas, segment(px, py, a, b) - width, rng.uniform(0.05, 0.95, 3), rng.uniform(1.0, 2.0))


def render(label: int, split: str, index: int, seed: int = SEED) -> Pixels:
    """Draws one image.  The seed, the split and the index alone decide it."""
    rng = np.random.default_rng((seed, SPLITS[split], index, label))
    py, px = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) + 0.5

    # Background: a ramp between two near colours.
    base, angle = rng.uniform(0.15, 0.85, 3), rng.uniform(0, 2 * np.pi)
    ramp = ((px - SIZE / 2) * math.cos(angle) + (py - SIZE / 2) * math.sin(angle)) / SIZE
    canvas = base + ramp[..., None] * rng.normal(0, 0.18, 3)

    # The shape, in a frame of its own: moved, scaled, rotated, a little squeezed and skewed.
    clutter(canvas, px, py, int(rng.integers(0, 5)), rng)
    radius = rng.uniform(8.0, 18.0)
    room = max(SIZE / 2 - 0.85 * radius, 0)
    cx, cy = SIZE / 2 + rng.uniform(-room, room, 2)
    turn, squeeze, skew = rng.uniform(0, 2 * np.pi), math.exp(rng.normal(0, 0.10)), rng.normal(0, 0.08)
    x = ((px - cx) * math.cos(turn) + (py - cy) * math.sin(turn)) / radius
    y = ((py - cy) * math.cos(turn) - (px - cx) * math.sin(turn)) / radius
    x, y = x * squeeze + y * skew, y / squeeze
    direction = rng.normal(0, 1, 3)
    contrast = 0.14 + 0.6 * rng.beta(1.2, 2.2)
    colour = base + contrast * direction / np.linalg.norm(direction) * math.sqrt(3) / 1.4
    if np.abs(np.clip(colour, 0, 1) - base).max() < 0.1:  # clipped away: go the other way
        colour = 2 * base - colour
    distance = SHAPES[CLASSES[label]](x, y, rng) * radius
    paint(canvas, distance, np.clip(colour, 0, 1), rng.uniform(1.0, 2.4))
    clutter(canvas, px, py, int(rng.integers(0, 3)), rng)

    # Lighting from one side, then the sensor.
    lx, ly = rng.uniform(0, SIZE, 2)
    light = 1 - rng.uniform(0, 0.5) * np.hypot(px - lx, py - ly) / SIZE
    canvas = np.clip(canvas, 0, 1) * light[..., None] * rng.uniform(0.75, 1.15)
    canvas += rng.normal(0, rng.uniform(0.01, 0.08), canvas.shape)
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


def encode(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    # 4:4:4: decoders agree on it to the last bit or two, while they interpolate subsampled colour each in its own way.
    Image.fromarray(pixels).save(file, "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    return file.getvalue()


def decode(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def training_image(index: int) -> Pixels:
    return decode(encode(render(index % len(CLASSES), "train", index)))


def write_data() -> None:
    for split, count in (("calibration", CALIBRATION_PER_CLASS), ("evaluation", EVALUATION_PER_CLASS)):
        shutil.rmtree(HERE / split, ignore_errors=True)
        total = 0
        for label, name in enumerate(CLASSES):
            folder = HERE / split / name
            folder.mkdir(parents=True)
            for index in range(count):
                data = encode(render(label, split, index))
                total += len(data)
                (folder / f"{index:03}.jpg").write_bytes(data)
        print(f"{split}: {count * len(CLASSES)} images, {total:,} bytes")
    settings = {
        "model": MODEL.name,
        "calibration": "calibration",
        "evaluation": "evaluation",
        "input": "image",
        "output": "logits",
        "width": SIZE,
        "height": SIZE,
        "channels": "RGB",
        "layout": "NCHW",
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
        "classes": list(CLASSES),
    }
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in settings.items())
    (HERE / "demo.json").write_text("{\n" + lines + "\n}\n")


def load(split: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The committed images of a split as the network wants them, with their labels."""
    images, labels = [], []
    for label, name in enumerate(CLASSES):
        for path in sorted((HERE / split / name).glob("*.jpg")):
            images.append(decode(path.read_bytes()))
            labels.append(label)
    if not images:
        sys.exit(f"No images under {HERE / split}; run `train.py data` first.")
    batch = (np.stack(images).astype(np.float32) - MEAN) / STD
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2)), np.array(labels)


# ---------------------------------------------------------------------------------------------------------------------
# The network, as a table that both the trainer and the writer of the ONNX file walk.

STEM, HEAD = 24, 256
# expansion, output channels, blocks, stride of the first block
STAGES = ((1, 16, 1, 1), (4, 24, 2, 2), (4, 40, 3, 2), (4, 72, 3, 1))
GAMMA_SPREAD = 1.0  # standard deviation of the logarithm of the first gammas around a depthwise convolution
EPSILON = 1e-5


def blocks() -> Iterator[tuple[str, int, int, int, int]]:
    """Name, input channels, expanded channels, output channels and stride of each inverted residual."""
    channels = STEM
    for stage, (expansion, out, count, stride) in enumerate(STAGES, start=1):
        for index in range(count):
            yield f"stage{stage}.{index}", channels, channels * expansion, out, stride if index == 0 else 1
            channels = out


def train(epochs: int, threads: int) -> None:
    import torch
    from torch import nn
    from torch.nn import functional as F

    torch.set_num_threads(threads)
    torch.manual_seed(SEED)
    gammas = np.random.default_rng(SEED)

    class Unit(nn.Module):
        """Convolution and batch normalization, with ReLU6 or without; wide: the gammas start log-normal."""

        def __init__(self, cin: int, cout: int, kernel: int, stride: int, groups: int, act: bool, wide: bool) -> None:
            super().__init__()
            self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
            self.bn = nn.BatchNorm2d(cout, eps=EPSILON)
            self.act = act
            nn.init.kaiming_normal_(self.conv.weight, mode="fan_out")
            if wide:
                self.bn.weight.data.copy_(torch.from_numpy(np.exp(gammas.normal(0, GAMMA_SPREAD, cout)).clip(0.02, 5)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.bn(self.conv(x))
            return F.relu6(x) if self.act else x

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.units = nn.ModuleDict()
            key = lambda name: name.replace(".", "_")  # noqa: E731 - module names may hold no dot
            self.units["stem"] = Unit(3, STEM, 3, 2, 1, True, False)
            for name, cin, mid, cout, stride in blocks():
                if mid != cin:
                    self.units[key(f"{name}.expand")] = Unit(cin, mid, 1, 1, 1, True, True)
                self.units[key(f"{name}.depthwise")] = Unit(mid, mid, 3, stride, mid, True, True)
                self.units[key(f"{name}.project")] = Unit(mid, cout, 1, 1, 1, False, False)
            self.units["head"] = Unit(cout, HEAD, 1, 1, 1, True, False)
            self.classifier = nn.Linear(HEAD, len(CLASSES))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            u = lambda name: self.units[name.replace(".", "_")]  # noqa: E731
            x = u("stem")(x)
            for name, cin, mid, cout, stride in blocks():
                y = u(f"{name}.expand")(x) if mid != cin else x
                y = u(f"{name}.project")(u(f"{name}.depthwise")(y))
                x = x + y if cin == cout and stride == 1 else y
            return self.classifier(u("head")(x).mean((2, 3)))

    unseen, truth = load("evaluation")  # for the log alone: nothing is chosen by it

    def write_and_check(network: nn.Module) -> tuple[float, float]:
        """Writes the network; its top-1 for the log, and how far the file's logits are from the network's own."""
        network.eval()
        state = {name: tensor for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
        write_model({name.removeprefix("units."): tensor.contiguous().numpy() for name, tensor in state.items()})
        with torch.no_grad():
            expected = network(torch.from_numpy(unseen)).numpy()
        return float(np.mean(expected.argmax(1) == truth)), float(np.abs(expected - logits(MODEL, unseen)).max())

    start = time.monotonic()
    with multiprocessing.Pool(threads) as pool:
        images = torch.from_numpy(np.stack(pool.map(training_image, range(TRAIN_IMAGES), chunksize=250)))
    labels = torch.arange(TRAIN_IMAGES) % len(CLASSES)
    print(f"{TRAIN_IMAGES} training images after {time.monotonic() - start:.0f} s", flush=True)

    network = Network().to(memory_format=torch.channels_last)
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")
    decayed = [p for p in network.parameters() if p.ndim > 1]
    plain = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.02}, {"params": plain, "weight_decay": 0.0}])
    steps = TRAIN_IMAGES // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=epochs * steps, pct_start=0.2)
    generator = torch.Generator().manual_seed(SEED)
    for epoch in range(epochs):
        network.train()
        order, total = torch.randperm(TRAIN_IMAGES, generator=generator), 0.0
        for step in range(steps):
            pick = order[step * BATCH : (step + 1) * BATCH]
            x = (images[pick].permute(0, 3, 1, 2).float() - MEAN) / STD
            turn, mirror = divmod(int(torch.randint(0, 8, (1,), generator=generator)), 2)
            x = torch.rot90(x.flip(3) if mirror else x, turn, (2, 3)).contiguous(memory_format=torch.channels_last)
            loss = F.cross_entropy(network(x), labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        top1, difference = write_and_check(network)
        print(f"epoch {epoch + 1}: loss {total / steps:.4f}, top-1 {top1:.3f}, file within {difference:.0e}, "
              f"{time.monotonic() - start:.0f} s", flush=True)


def write_model(tensors: dict[str, NDArray[np.float32]]) -> None:
    """Writes the ONNX file: every batch normalization a node, every node a readable name."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []

    def constant(name: str, value: NDArray) -> str:
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype=np.float32), name))
        return name

    def node(op: str, name: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        nodes.append(helper.make_node(op, inputs, [output or name], name=name, **attributes))
        return output or name

    def unit(x: str, name: str, stride: int = 1, groups: int = 1, act: bool = True) -> str:
        own = lambda tail: tensors[f"{name.replace('.', '_')}.{tail}"]  # noqa: E731
        weight = own("conv.weight")
        kernel = weight.shape[2]
        x = node("Conv", f"{name}.conv", [x, constant(f"{name}.conv.weight", weight)], kernel_shape=[kernel] * 2,
                 strides=[stride] * 2, pads=[kernel // 2] * 4, dilations=[1, 1], group=groups)
        names = (("scale", "weight"), ("bias", "bias"), ("mean", "running_mean"), ("variance", "running_var"))
        statistics = [constant(f"{name}.bn.{to}", own(f"bn.{tail}")) for to, tail in names]
        x = node("BatchNormalization", f"{name}.bn", [x, *statistics], epsilon=EPSILON)
        return node("Clip", f"{name}.relu6", [x, "zero", "six"]) if act else x

    constant("zero", np.array(0))
    constant("six", np.array(6))
    x = unit("image", "stem", stride=2)
    for name, cin, mid, cout, stride in blocks():
        y = unit(x, f"{name}.expand") if mid != cin else x
        y = unit(y, f"{name}.depthwise", stride, groups=mid)
        y = unit(y, f"{name}.project", act=False)
        x = node("Add", f"{name}.add", [x, y]) if cin == cout and stride == 1 else y
    x = unit(x, "head")
    x = node("GlobalAveragePool", "pool", [x])
    x = node("Flatten", "flatten", [x], axis=1)
    classifier = [constant(f"classifier.{tail}", tensors[f"classifier.{tail}"]) for tail in ("weight", "bias")]
    node("Gemm", "classifier", [x, *classifier], output="logits", transB=1)

    graph = helper.make_graph(
        nodes,
        "shapes",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(CLASSES)])],
        initializers,
    )
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8, producer_name="train.py")
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, MODEL)


# ---------------------------------------------------------------------------------------------------------------------
# What quantization does to it.


def logits(path: Path, images: NDArray[np.float32], exact: bool = False) -> NDArray[np.float32]:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.log_severity_level = 3
    if exact:  # quantize and dequantize as written, with no integer kernel that may saturate on one CPU and not another
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    batches = (images[i : i + 50] for i in range(0, len(images), 50))
    return np.concatenate([session.run(["logits"], {"image": batch})[0] for batch in batches])


def measure(verbose: bool) -> None:
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self, images: NDArray[np.float32]) -> None:
            self.batches = iter([{"image": images[i : i + 50]} for i in range(0, len(images), 50)])

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            return next(self.batches, None)

    calibration, _ = load("calibration")
    x, y = load("evaluation")

    def row(name: str, path: Path, exact: bool) -> None:
        top1 = 100 * np.mean(logits(path, x, exact).argmax(1) == y)
        size = path.stat().st_size
        print(f"{name:24} {top1:6.1f} % {size:10,} bytes {size / MODEL.stat().st_size:6.2f}")

    row("float", MODEL, False)
    with tempfile.TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        quant_pre_process(str(MODEL), str(folded))
        row("float, folded", folded, False)
        depthwise = [
            node.name for node in onnx.load(folded).graph.node
            if any(attribute.name == "group" and attribute.i > 1 for attribute in node.attribute)
        ]
        for name, per_channel, left_float in (
            ("int8, per tensor", False, []),
            ("int8, per channel", True, []),
            ("per tensor, dw float", False, depthwise),
        ):
            path = Path(folder) / "quantized.onnx"
            quantize_static(str(folded), str(path), Reader(calibration), quant_format=QuantFormat.QDQ,
                            per_channel=per_channel, nodes_to_exclude=left_float,
                            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
            row(name, path, True)
        if verbose:
            for tensor in onnx.load(folded).graph.initializer:
                weight = onnx.numpy_helper.to_array(tensor)
                if weight.ndim == 4:
                    peaks = np.abs(weight).max((1, 2, 3))
                    low, middle, high = peaks.min(), np.median(peaks), peaks.max()
                    print(f"{tensor.name:48} channel peaks {low:9.4f} {middle:9.4f} {high:9.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Makes the bundled demo.", epilog="See the head of this file.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("data", help="draw calibration/ and evaluation/, write demo.json")
    training = verbs.add_parser("train", help="train the network and write it")
    training.add_argument("--epochs", type=int, default=EPOCHS)
    training.add_argument("--threads", type=int, default=2)
    measuring = verbs.add_parser("measure", help="top-1 and size, in float and quantized by onnxruntime")
    measuring.add_argument("--verbose", action="store_true", help="also the ranges of the folded weights")
    arguments = parser.parse_args()
    match arguments.verb:
        case "data":
            write_data()
        case "train":
            train(arguments.epochs, arguments.threads)
        case "measure":
            measure(arguments.verbose)


if __name__ == "__main__":
    main()
