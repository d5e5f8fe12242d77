import Foundation
import QTuneGraph
import QTuneONNX
import QTuneOperators
import QTuneTensor

/// One of the standard's own operator tests: a folder with a model of one node or a few, operands and results.
struct NodeTestCase {
    let name: String
    private let folder: URL

    /// The cases in the folder that the environment names; nil where it names none.
    static func all() throws -> [NodeTestCase]? {
        guard let path = ProcessInfo.processInfo.environment["QTUNE_NODE_TESTS"] else { return nil }
        let root = URL(fileURLWithPath: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { FileManager.default.fileExists(atPath: root.appendingPathComponent("\($0)/model.onnx").path) }
        let wanted = ProcessInfo.processInfo.environment["QTUNE_NODE_TEST"]
        return names.filter { wanted.map($0.contains) ?? true }.sorted()
            .map { NodeTestCase(name: $0, folder: root.appendingPathComponent($0)) }
    }

    func model() throws -> Model { try ModelReader.read(path: folder.appendingPathComponent("model.onnx").path) }

    /// Relative and absolute tolerance.
    func tolerance() throws -> (relative: Double, absolute: Double) {
        let text = try String(contentsOf: folder.appendingPathComponent("tolerance.txt"), encoding: .utf8)
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        return (numbers.first ?? 1e-3, numbers.last ?? 1e-7)
    }

    /// The sets of operands and expected results.
    func dataSets(_ model: Model) throws -> [(inputs: [String: Value], outputs: [Value])] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("test_data_set_") }
            .sorted()
            .map { set in
                let operands = try values("\(set)/input_", model.graph.inputs)
                let results = try values("\(set)/output_", model.graph.outputs)
                let named = zip(model.graph.inputs, operands).compactMap { info, value in value.map { (info.name, $0) }
                }
                return (Dictionary(named) { $1 }, results.compactMap { $0 })
            }
    }

    private func values(_ prefix: String, _ infos: [ValueInfo]) throws -> [Value?] {
        try infos.enumerated().map { index, info in
            let path = folder.appendingPathComponent("\(prefix)\(index).pb").path
            return FileManager.default.fileExists(atPath: path) ? try Self.read(path, info.type) : nil
        }
    }

    private static func read(_ path: String, _ type: ValueType?) throws -> Value {
        switch type {
        case .sequence: return .sequence(try TensorFile.readSequence(path: path).map(Value.tensor))
        case .optional(let element):
            guard let tensors = try TensorFile.readOptional(path: path) else { return .optional(nil) }
            if case .sequence = element { return .optional(.sequence(tensors.map(Value.tensor))) }
            return .optional(tensors.first.map(Value.tensor))
        default: return .tensor(try TensorFile.read(path: path))
        }
    }
}
