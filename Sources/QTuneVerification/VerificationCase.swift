public import FoundationEssentials
public import QTuneGraph
internal import QTuneONNX
package import QTuneOperators
internal import QTuneTensor

/// A folder with a network and the answers it came with, laid out as the standard's own operator tests and the model
/// zoo are: one `.onnx` file, `test_data_set_N/input_I.pb` and `output_I.pb` in the order of the network's inputs and
/// outputs, and perhaps `tolerance.txt` with the relative and the absolute tolerance.
public struct VerificationCase: Sendable {
    /// The folder's name.
    public let name: String
    public let folder: URL
    private let file: URL

    /// The operands of one run and the results it should have.
    package struct DataSet {
        package let name: String
        package let inputs: [String: Value]
        /// In the order of the network's outputs.
        package let outputs: [Value]
    }

    /// The cases in `folder`, at any depth, sorted by path. A folder without one is an error.
    public static func find(in folder: String) throws -> [VerificationCase] {
        // A folder that cannot be read has no case in it either.
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        let root = URL(fileURLWithPath: folder, isDirectory: true)
        let folders = paths.map { root.appendingPathComponent($0) }
            .filter { $0.lastPathComponent.hasPrefix(dataSetPrefix) }
            .map { $0.deletingLastPathComponent().standardizedFileURL }
        let cases = try Set(folders).sorted { $0.path < $1.path }.map(VerificationCase.init)
        guard !cases.isEmpty else {
            throw QTuneError(
                .invalidArgument, "there is no case in the folder", place: ["folder '\(folder)'"],
                remedy: "a case is a folder with one .onnx file and folders test_data_set_0, ...")
        }
        return cases
    }

    private static let dataSetPrefix = "test_data_set_"

    private init(_ folder: URL) throws {
        self.folder = folder
        name = folder.lastPathComponent
        let networks = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".onnx") }.sorted()
        guard let network = networks.first(where: { $0 == "model.onnx" }) ?? networks.first else {
            throw QTuneError(.invalidData, "data sets without a network", place: ["folder '\(folder.path)'"])
        }
        file = folder.appendingPathComponent(network)
    }

    /// The network.
    public func model() throws -> Model { try ModelReader.read(path: file.path) }

    /// How far a real number may be from the one it should be; the standard's own values where the folder does not say.
    package func tolerance() throws -> Tolerance {
        let path = folder.appendingPathComponent("tolerance.txt")
        guard FileManager.default.fileExists(atPath: path.path) else { return Tolerance() }
        let numbers = (try? String(contentsOf: path, encoding: .utf8))?.split(whereSeparator: \.isWhitespace)
            .map { Double($0) }
        guard let numbers, numbers.count == 2, let relative = numbers[0], let absolute = numbers[1] else {
            throw QTuneError(
                .invalidData, "two numbers are due, the relative and the absolute tolerance", place: [path.path])
        }
        return Tolerance(relative: relative, absolute: absolute)
    }

    /// The sets of operands and results, in order.
    package func dataSets(_ model: Model) throws -> [DataSet] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasPrefix(Self.dataSetPrefix) }
            .sorted { ($0.count, $0) < ($1.count, $1) }
        let inputs = model.graph.inputs.filter { model.irVersion >= 4 || model.graph.initializers[$0.name] == nil }
        return try names.map { name in
            let operands = try values("\(name)/input_", inputs)
            let named = zip(inputs, operands).compactMap { info, value in value.map { (info.name, $0) } }
            return DataSet(
                name: name, inputs: Dictionary(named) { first, _ in first },
                outputs: try zip(model.graph.outputs, values("\(name)/output_", model.graph.outputs)).map {
                    info, value in
                    guard let value else {
                        throw QTuneError(
                            .invalidData, "there is no answer for the output '\(info.name)'", place: [name])
                    }
                    return value
                })
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
        case .map:
            let (keys, values) = try TensorFile.readMap(path: path)
            return .map(keys: keys, values: values)
        case .sequence(.map):
            return .sequence(
                try TensorFile.readMapSequence(path: path).map { .map(keys: $0.keys, values: $0.values) })
        case .sequence: return .sequence(try TensorFile.readSequence(path: path).map(Value.tensor))
        case .optional(let element):
            guard let tensors = try TensorFile.readOptional(path: path) else { return .optional(nil) }
            if case .sequence = element { return .optional(.sequence(tensors.map(Value.tensor))) }
            return .optional(tensors.first.map(Value.tensor))
        default: return .tensor(try TensorFile.read(path: path))
        }
    }
}
