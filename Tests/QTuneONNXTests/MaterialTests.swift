import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
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
}

@Suite(.enabled(if: Material.folder != nil, "QTUNE_MATERIAL names no folder of models"))
struct MaterialTests {
    @Test(arguments: Material.models)
    func everyModelLoads(path: String) throws {
        let model = try ModelReader.read(path: path)
        #expect(!model.graph.nodes.isEmpty)
        #expect(!model.graph.outputs.isEmpty)
    }
}
