import Foundation
import QTuneData
import QTuneGraph
import QTuneONNX
import QTuneQuantization
import QTuneRuntime
import QTuneTensor
import Testing

/// Real networks on real pictures; run where QTUNE_MATERIAL names the folder that holds them.
@Suite struct QuantizedNetworkTests {
    private static let material = ProcessInfo.processInfo.environment["QTUNE_MATERIAL"]

    private struct Pictures: CalibrationSource {
        let name: String
        let data: any Dataset
        var count: Int { data.count }
        func feeds(_ index: Int) throws -> [String: Tensor] { [name: try data.input(at: index)] }
    }

    /// A network whose channels differ so much that one scale a tensor ruins it: a scale a channel must not.
    @Test(.enabled(if: material != nil, "set QTUNE_MATERIAL to the folder with models and data"))
    func mobileNetKeepsItsAnswers() throws {
        let root = try #require(Self.material)
        let middle = [Float](repeating: 127.5, count: 3)
        let preprocessing = try Preprocessing(resize: .squash(128), filter: .nearest, mean: middle, std: middle)
        func pictures(_ part: String, _ name: String, _ count: Int) throws -> Pictures {
            let folder = try ImageFolder(path: "\(root)/data/flowers/\(part)", preprocessing: preprocessing)
            return Pictures(name: name, data: folder.spread(count))
        }
        let model = try ModelReader.read(path: "\(root)/models/trained/mobilenet_v2_0.35_128_flowers.onnx")
        let float = try Preparation.prepare(model).model
        let input = try #require(float.graph.requiredInputs.first?.name)
        let statistics = try Calibrator.gather(float, source: pictures("calibration", input, 40))
        let quantized = try Quantizer(float, statistics: statistics).quantize(Recipe())
        #expect(quantized.notes.isEmpty)
        let small = Compaction.compact(quantized.model)
        #expect(try ModelWriter.encode(small).count < ModelWriter.encode(model).count * 32 / 100)

        let before = try Session(model)
        let after = try Session(small)
        let search = try pictures("search", input, 50)
        var difference = OutputDifference()
        for index in 0..<search.count {
            let feeds = try search.feeds(index)
            let reference = try #require(before.run(feeds).values.first)
            try difference.add(reference: reference, #require(after.run(feeds).values.first))
        }
        #expect(difference.samples == 50)
        #expect(difference.disagreement <= 0.06)
    }
}
