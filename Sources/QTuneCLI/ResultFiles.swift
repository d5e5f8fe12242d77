internal import Foundation
internal import QTune

/// Writes results of a network to files: a tensor as .npy, strings and maps as .json, the elements of a sequence each
/// to a file with its number in the name.
enum ResultFiles {
    static func write(_ results: [String: Value], to folder: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw QTuneError(.inputOutput, "the folder cannot be made", place: ["folder '\(folder)'"])
        }
        for (name, value) in results {
            let file = String(name.map { $0.isLetter || $0.isNumber || "._-".contains($0) ? $0 : "_" })
            try write(value, to: "\(folder)/\(file)")
        }
    }

    private static func write(_ value: Value, to path: String) throws {
        switch value {
        case .tensor(let tensor) where tensor.dtype == .string: try write(json: tensor.strings, to: path)
        case .tensor(let tensor): try Npy.write(tensor, to: "\(path).npy")
        case .sequence(let elements):
            for (index, element) in elements.enumerated() { try write(element, to: "\(path)_\(index)") }
        case .optional(let element): try element.map { try write($0, to: path) }
        case .map(let keys, let values):
            let keys = texts(keys)
            if values.dtype == .float32 {
                try write(json: Dictionary(zip(keys, values.array(of: Float.self))) { $1 }, to: path)
            } else {
                try write(json: Dictionary(zip(keys, texts(values))) { $1 }, to: path)
            }
        }
    }

    private static func write(json value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try FileBytes.write([UInt8](try encoder.encode(value)), to: "\(path).json")
    }

    /// The entries of the maps of a sequence; nil for other values.
    static func maps(_ value: Value) -> [[String: String]]? {
        guard case .sequence(let elements) = value, case .map? = elements.first else { return nil }
        return elements.map { element in
            guard case .map(let keys, let values) = element else { return [:] }
            return Dictionary(zip(texts(keys), texts(values))) { $1 }
        }
    }

    private static func texts(_ tensor: Tensor) -> [String] {
        switch tensor.dtype {
        case .string: tensor.strings
        case .float32: tensor.array(of: Float.self).map(\.description)
        case .float64: tensor.array(of: Double.self).map(\.description)
        default: (tensor.integers ?? []).map(String.init)
        }
    }
}
