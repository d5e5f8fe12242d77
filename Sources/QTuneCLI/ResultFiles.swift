internal import FoundationEssentials
internal import QTune

/// Writes results of a network to files named after them: a tensor as .npy, strings and maps as .json, the elements of
/// a sequence each to a file with its number in the name, and their files' names as .json.
struct ResultFiles {
    private let folder: String
    /// The files' names, without endings, that belong to results already.
    private var taken: Set<String> = []

    /// - Parameter outputs: the names of the results in the network's order, which decides which of two results whose
    ///   names give the same file's name gets a number behind it.
    static func write(_ results: [String: Value], outputs: [String], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw QTuneError(.inputOutput, "the folder cannot be made", place: ["folder '\(folder)'"])
        }
        var files = ResultFiles(folder: folder)
        for name in outputs {
            guard let value = results[name] else { continue }
            _ = try files.write(value, as: files.freeName(for: value, name))
        }
    }

    private init(folder: String) { self.folder = folder }

    /// A name of which none of the files that `value` takes belongs to another result; they are taken from now on.
    private mutating func freeName(for value: Value, _ output: String) -> String {
        let plain = String(output.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "_" })
        var name = plain
        var number = 2
        while !taken.isDisjoint(with: Self.names(value, name)) {
            name = "\(plain)-\(number)"
            number += 1
        }
        taken.formUnion(Self.names(value, name))
        return name
    }

    private static func names(_ value: Value, _ name: String) -> [String] {
        switch value {
        case .tensor, .map, .optional(nil): [name]
        case .optional(let element?): names(element, name)
        case .sequence(let elements):
            [name] + elements.enumerated().flatMap { names($1, elementName(name, $0)) }
        }
    }

    private static func elementName(_ name: String, _ index: Int) -> String { "\(name)_\(index)" }

    /// Gives the name of the file that stands for the value.
    private func write(_ value: Value, as name: String) throws -> String {
        switch value {
        case .tensor(let tensor) where tensor.dtype == .string:
            return try write(json: Strings(shape: tensor.shape.dimensions, strings: tensor.strings), as: name)
        case .tensor(let tensor):
            try remove("\(name).json")
            try Npy.write(tensor, to: "\(folder)/\(name).npy")
            return "\(name).npy"
        case .sequence(let elements):
            let files = try elements.enumerated().map { try write($1, as: Self.elementName(name, $0)) }
            return try write(json: files, as: name)
        case .optional(let element?): return try write(element, as: name)
        case .optional(nil): return try write(json: String?.none, as: name)
        case .map(let keys, let values):
            let values = try MapValue.values(values)
            return try write(json: Dictionary(zip(keys.texts, values)) { $1 }, as: name)
        }
    }

    private func write(json value: some Encodable, as name: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try remove("\(name).npy")
        try FileBytes.write([UInt8](try encoder.encode(value)), to: "\(folder)/\(name).json")
        return "\(name).json"
    }

    /// Removes what an earlier run left where the result was of another kind.
    private func remove(_ file: String) throws {
        let path = "\(folder)/\(file)"
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw QTuneError(.inputOutput, "the file of an earlier run cannot be removed", place: ["file '\(path)'"])
        }
    }
}

extension ResultFiles {
    /// The entries of the maps of a sequence; nil for other values.
    static func maps(_ value: Value) -> [[String: String]]? {
        guard case .sequence(let elements) = value, case .map? = elements.first else { return nil }
        return elements.map { element in
            guard case .map(let keys, let values) = element else { return [:] }
            return Dictionary(zip(keys.texts, values.texts)) { $1 }
        }
    }

    /// A tensor of strings in a .json file: the strings row by row.
    private struct Strings: Encodable {
        let shape: [Int]
        let strings: [String]
    }
}

/// A value of a map in a .json file.
private enum MapValue: Encodable {
    case single(Float)
    case double(Double)
    case integer(Int)
    case text(String)

    static func values(_ tensor: Tensor) throws -> [MapValue] {
        if let singles = tensor.singles { return singles.map(MapValue.single) }
        if tensor.dtype == .float64 { return tensor.array(of: Double.self).map(MapValue.double) }
        if tensor.dtype == .string { return tensor.strings.map(MapValue.text) }
        if let integers = tensor.integers { return integers.map(MapValue.integer) }
        throw QTuneError(.unsupported, "maps to values of type \(tensor.dtype) are not written")
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .single(let value): try container.encode(value)
        case .double(let value): try container.encode(value)
        case .integer(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        }
    }
}

extension Tensor {
    /// The elements of a float type that float32 holds; nil for other types.
    fileprivate var singles: [Float]? {
        switch dtype {
        case .float32: array(of: Float.self)
        case .float16: array(of: Float16.self).map { Float($0) }
        case .bfloat16: array(of: BFloat16.self).map(\.float)
        default: nil
        }
    }

    fileprivate var texts: [String] {
        if let singles { return singles.map(\.description) }
        return switch dtype {
        case .string: strings
        case .float64: array(of: Double.self).map(\.description)
        default: (integers ?? []).map(String.init)
        }
    }
}
