import Foundation
import QTuneGraph
import QTuneONNX
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Files that were cut off or changed give an error, or a network that is sound; they never stop the process.
@Suite struct DamagedModelTests {
    private func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    @Test func cutFilesAreRefused() throws {
        let bytes = try contents(of: Demo.model)
        try withTestFolder { folder in
            let file = folder + "/cut.onnx"
            for part in 0..<100 {
                try write(Array(bytes.prefix(bytes.count * part / 100)), to: file)
                let outcome = try QTuneProcess.run("inspect", file)
                #expect(outcome.status == 65 && outcome.output.isEmpty, "\(part) %")
                #expect(outcome.messages.contains(file), "\(part) %: \(outcome.messages)")
            }
            let quantized = folder + "/q.onnx"
            #expect(try QTuneProcess.run("quantize", file, "-o", quantized, "--format", "dynamic").status == 65)
            #expect(try names(in: folder) == ["cut.onnx"])
        }
    }

    @Test func changedFilesRunOrAreRefused() throws {
        let bytes = try contents(of: Demo.model)
        var random = SeededGenerator(seed: 20)
        try withTestFolder { folder in
            let file = folder + "/changed.onnx"
            for trial in 0..<60 {
                var changed = bytes
                // Half of the changes go to the front, where weights are fewest.
                let limit = trial % 2 == 0 ? 4000 : bytes.count
                let place = Int.random(in: 0..<limit, using: &random)
                changed[place] ^= UInt8.random(in: 1...255, using: &random)
                try write(changed, to: file)
                let outcome = try QTuneProcess.run("run", file, "--image", Demo.picture)
                #expect(
                    outcome.status == 0 || outcome.status == 65, "byte \(place): \(outcome.status) \(outcome.messages)")
                #expect(outcome.status == 0 || outcome.messages.contains(file), "\(outcome.messages)")
            }
        }
    }

    @Test func quantizingLeavesAnOldFileWhereItFails() throws {
        try withTestFolder { folder in
            let target = folder + "/q.onnx"
            try write([1, 2, 3], to: target)
            let failed = try QTuneProcess.run(
                "quantize", Demo.model, "-o", target, "--format", "dynamic", "--exclude", "nope")
            #expect(failed.status == 64)
            #expect(try contents(of: target) == [1, 2, 3])
            #expect(try QTuneProcess.run("quantize", Demo.model, "-o", target, "--format", "dynamic").status == 0)
            #expect(try QTuneProcess.run("inspect", target).status == 0)
            #expect(try names(in: folder) == ["q.onnx"])
        }
    }

    /// A network in which many kinds of attributes and shape operands can be hit.
    private static func network() -> Model {
        var random = SeededGenerator(seed: 3)
        let g = GraphBuilder()
        let x = g.input("x", [1, 2, 6, 6])
        let convolution = g(
            "Conv", x, g.constant(random.floats([4, 2, 3, 3])), g.constant(random.floats([4])),
            attributes: ["pads": .ints([1, 1, 1, 1]), "strides": .ints([1, 1]), "dilations": .ints([1, 1])])
        let pooled = g(
            "MaxPool", g("Relu", convolution), attributes: ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
        let scale = g.constant(Tensor(scalar: Float(0.05)))
        let zero = g.constant(Tensor(scalar: UInt8(128)))
        let integers = g("DequantizeLinear", g("QuantizeLinear", pooled, scale, zero), scale, zero)
        let moved = g("Transpose", integers, attributes: ["perm": .ints([0, 2, 3, 1])])
        let flat = g("Reshape", moved, g.constant(Tensor([Int64](arrayLiteral: 1, -1))))
        let sliced = g(
            "Slice", flat, g.constant(Tensor([Int64(0)])), g.constant(Tensor([Int64(32)])),
            g.constant(Tensor([Int64(1)])))
        let product = g("Gemm", sliced, g.constant(random.floats([32, 5])), attributes: ["alpha": .float(0.5)])
        return g.model(g("Softmax", product, attributes: ["axis": .int(-1)]), opset: 13)
    }

    @Test func everyByteOfASmallNetworkMayChange() throws {
        let bytes = try ModelWriter.encode(Self.network())
        let input = ["x": Tensor(zeros: .float32, shape: [1, 2, 6, 6])]
        _ = try Session(ModelReader.read(bytes: bytes)).run(input)
        var random = SeededGenerator(seed: 1)
        var sound = 0
        for _ in 0..<2000 {
            var changed = bytes
            let place = Int.random(in: 0..<bytes.count, using: &random)
            changed[place] ^= UInt8.random(in: 1...255, using: &random)
            do {
                _ = try Session(ModelReader.read(bytes: changed)).run(input)
                sound += 1
            } catch is QTuneError {
                continue
            }
        }
        #expect(sound > 0 && sound < 2000)
    }
}
