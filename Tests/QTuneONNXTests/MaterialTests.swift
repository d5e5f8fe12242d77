import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import Testing

/// Real models, where the environment says that there are some.
enum Material {
    static let folder = ProcessInfo.processInfo.environment["QTUNE_MATERIAL"]

    static var models: [String] {
        guard let folder else { return [] }
        return ["trained", "structural"].flatMap { kind -> [String] in
            let directory = "\(folder)/models/\(kind)"
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
            return names.filter { $0.hasSuffix(".onnx") }.sorted().map { "\(directory)/\($0)" }
        }
    }

    /// Models that can be read a thousand times in a second or so.
    static var smallModels: [String] {
        models.filter { ((try? contents(of: $0).count) ?? .max) < 120_000 }
    }
}

@Suite(.enabled(if: Material.folder != nil, "QTUNE_MATERIAL names no folder of models"))
struct MaterialTests {
    @Test(arguments: Material.models)
    func everyModelLoadsAndComesBack(path: String) throws {
        let model = try ModelReader.read(path: path)
        #expect(!model.graph.nodes.isEmpty)
        try withTestFolder { folder in
            let copy = folder + "/copy.onnx"
            try ModelWriter.write(model, to: copy)
            #expect(try ModelReader.read(path: copy) == model)
            #expect(try contents(of: copy) == ModelWriter.encode(model))
        }
    }

    @Test(arguments: Material.smallModels)
    func damagedModels(path: String) throws {
        let bytes = try contents(of: path)
        for percent in 0..<100 { survives(Array(bytes.prefix(bytes.count * percent / 100))) }
        var generator = SeededGenerator(seed: UInt64(bytes.count))
        for _ in 0..<200 {
            var damaged = bytes
            damaged[Int.random(in: bytes.indices, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            survives(damaged)
        }
    }
}
