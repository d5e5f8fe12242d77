internal import FoundationEssentials
internal import QTuneTensor

/// The written form of every file of this module: keys in order, so that equal values give equal bytes.
func encodeJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    return Array(try encoder.encode(value))
}

/// Reads a file; what does not fit is told with the place where it stands.
func decodeJSON<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], what: String) throws -> Value {
    do {
        return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
        throw QTuneError(.invalidData, "the \(what) cannot be read: \(error.explanation)")
    } catch let error as QTuneError {
        throw error
    } catch {
        throw QTuneError(.invalidData, "the \(what) cannot be read: \(error)")
    }
}

extension DecodingError {
    fileprivate var explanation: String {
        func text(_ context: Context) -> String {
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return path.isEmpty ? context.debugDescription : "\(path): \(context.debugDescription)"
        }
        return switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): text(context)
        case .keyNotFound(let key, let context):
            "'\(key.stringValue)' is missing"
                + (context.codingPath.isEmpty
                    ? "" : " in \(context.codingPath.map(\.stringValue).joined(separator: "."))")
        @unknown default: "unreadable"
        }
    }
}

/// A key of any name, to see which names a file has.
struct AnyKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension Decoder {
    /// Throws where the object at hand has a key that is not among `known`: a mistyped option must not pass in silence.
    func rejectUnknownKeys(_ known: [String]) throws {
        for key in try container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
            let near = nearestNames(to: key.stringValue, among: known)
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: codingPath,
                    debugDescription: "there is no option '\(key.stringValue)'"
                        + (near.isEmpty ? "" : "; did you mean \(near.joined(separator: ", "))?")))
        }
    }
}
