#!/usr/bin/env python3
"""Times qtune beside ONNX Runtime and OpenVINO, one process after another, and prints the medians in milliseconds.

    pip install numpy onnx onnxruntime openvino
    python3 Benchmarks/compare_peers.py [--threads N] [--rounds N] MODEL.onnx ...

The last column is the faster peer's time over qtune's: above 1, qtune is faster. A symbolic first dimension is 1, any other 64.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

QTUNE = pathlib.Path(__file__).resolve().parent.parent / ".build/release/qtune"


def feeds(path):
    import numpy as np
    import onnx

    graph = onnx.load(path).graph
    constants = {tensor.name for tensor in graph.initializer}
    random, result = np.random.default_rng(0), {}
    for value in graph.input:
        if value.name in constants:
            continue
        kind = value.type.tensor_type
        shape = [d.dim_value or (64 if axis else 1) for axis, d in enumerate(kind.shape.dim)]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        is_real = np.issubdtype(dtype, np.floating)
        result[value.name] = random.standard_normal(shape).astype(dtype) if is_real else np.ones(shape, dtype)
    return result


def runner(engine, path, threads):
    inputs = feeds(path)
    if engine == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, inputs)
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    model.reshape({name: list(x.shape) for name, x in inputs.items()})
    # OpenVINO would compute in bfloat16 where the processor can.
    hints = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", hints).create_infer_request()
    return lambda: request.infer(inputs)


def median_of(run, seconds=1.0):
    for _ in range(3):
        run()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def measure(engine, path, threads):
    if engine == "qtune":
        command = [QTUNE, "bench", path, "--threads", str(threads), "--seconds", "1", "--json"]
        return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["median_ms"]
    command = [sys.executable, __file__, "--engine", engine, "--threads", str(threads), path]
    process = subprocess.run(command, capture_output=True, text=True)
    return float(process.stdout.split()[-1]) if process.returncode == 0 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--engine", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.engine:
        return print(median_of(runner(options.engine, options.models[0], options.threads)))
    engines = ["qtune", "onnxruntime", "openvino"]
    print(f"{'model':36}" + "".join(f"{engine:>13}" for engine in engines) + f"{'speed':>8}")
    for path in options.models:
        rounds = [{e: measure(e, path, options.threads) for e in engines} for _ in range(options.rounds)]
        taken = {e: [r[e] for r in rounds if r[e] is not None] for e in engines}
        medians = {e: statistics.median(times) for e, times in taken.items() if times}
        peers = [medians[e] for e in engines[1:] if e in medians]
        cells = "".join(f"{medians[e]:13.2f}" if e in medians else f"{'-':>13}" for e in engines)
        speed = f"{min(peers) / medians['qtune']:8.2f}" if peers else f"{'-':>8}"
        print(f"{pathlib.Path(path).name:36}{cells}{speed}", flush=True)


if __name__ == "__main__":
    main()
