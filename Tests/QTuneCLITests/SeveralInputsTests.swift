import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import Testing

/// A network of two inputs, integers and floats, from an archive of arrays to a quantized file that is as good.
@Suite struct SeveralInputsTests {
    /// Rows of a table by `ids`, their mean plus `shift`, and two products.
    private static func writeNetwork(to path: String) throws {
        var random = SeededGenerator(seed: 11)
        let g = GraphBuilder()
        let ids = g.input("ids", .int64, dimensions: [.symbolic("batch"), .symbolic("length")])
        let shift = g.input("shift", dimensions: [.symbolic("batch"), .fixed(16)])
        let rows = g("Gather", g.constant(random.floats([32, 16])), ids)
        let mean = g("ReduceMean", rows, attributes: ["axes": .ints([1]), "keepdims": .int(0)])
        let hidden = g("Relu", g("MatMul", g("Add", mean, shift), g.constant(random.floats([16, 24]))))
        let scores = g("MatMul", hidden, g.constant(random.floats([24, 6])), named: "scores")
        try ModelWriter.write(g.model(scores, opset: 13), to: path)
    }

    private static let ids: [Int64] = (0..<40).map { $0 * 7 % 32 }

    private static func shift() -> Tensor {
        var random = SeededGenerator(seed: 12)
        return random.floats([8, 16])
    }

    private static func put(_ arrays: KeyValuePairs<String, Tensor>, at path: String) throws {
        try Data(npzArchive(arrays)).write(to: URL(fileURLWithPath: path))
    }

    @Test func calibratedFromNamedArrays() throws {
        try withTestFolder { folder in
            let (network, data, int8) = (folder + "/float.onnx", folder + "/data.npz", folder + "/int8.onnx")
            try Self.writeNetwork(to: network)
            try Self.put(["ids": Tensor(Self.ids, shape: [8, 5]), "shift": Self.shift()], at: data)
            let outcome = try QTuneProcess.run("quantize", network, "-o", int8, "--calibration", data)
            #expect(outcome.status == 0, "\(outcome.messages)")

            try Npy.write(Tensor([31, 0, 4, 4, 9] as [Int64], shape: [1, 5]), to: folder + "/ids.npy")
            try Npy.write(Tensor([Float](repeating: 0.25, count: 16), shape: [1, 16]), to: folder + "/shift.npy")
            let results = try [network, int8].map { model in
                let run = try QTuneProcess.run(
                    "run", model, "--input", "ids=\(folder)/ids.npy", "--input", "shift=\(folder)/shift.npy",
                    "--output", folder)
                #expect(run.status == 0, "\(run.messages)")
                return try Npy.read(path: folder + "/scores.npy").array(of: Float.self)
            }
            let error = zip(results[0], results[1]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            let norm = results[0].reduce(Float(0)) { $0 + $1 * $1 }
            #expect(error > 0 && error < 0.001 * norm)

            for arguments in [
                ["analyze", network, "--calibration", data], ["evaluate", int8, "--data", data, "--float", network],
            ] {
                let command = try QTuneProcess.run(arguments)
                #expect(command.status == 0, "\(command.messages)")
            }
        }
    }

    @Test func filesThatDoNotFitNameTheArray() throws {
        try withTestFolder { folder in
            let (network, data, int8) = (folder + "/float.onnx", folder + "/data.npz", folder + "/int8.onnx")
            try Self.writeNetwork(to: network)
            let ids = Tensor(Self.ids, shape: [8, 5])
            let narrow = Tensor(Self.ids.map { Int32($0) }, shape: [8, 5])
            let cases: [(KeyValuePairs<String, Tensor>, [String])] = [
                (["ids": ids], ["'shift'"]),
                (["ids": ids, "shift": Self.shift(), "shfit": Self.shift()], ["'shfit'", "'ids', 'shift'"]),
                (["ids": narrow, "shift": Self.shift()], ["'ids'", "astype('int64')"]),
                (["ids": Tensor(Self.ids, shape: [10, 4]), "shift": Self.shift()], ["'shift'", "10 samples"]),
                (["x": ids], ["'x'"]),
            ]
            for (arrays, words) in cases {
                try Self.put(arrays, at: data)
                let outcome = try QTuneProcess.run("quantize", network, "-o", int8, "--calibration", data)
                #expect(outcome.status == 65)
                for word in words + [data] { #expect(outcome.messages.contains(word), "\(outcome.messages)") }
                #expect(!FileManager.default.fileExists(atPath: int8))
            }
            let folderOfPictures = try QTuneProcess.run(
                "quantize", network, "-o", int8, "--calibration", Demo.calibration)
            #expect(folderOfPictures.messages.contains("ids, shift") && folderOfPictures.messages.contains(".npz"))
        }
    }
}
