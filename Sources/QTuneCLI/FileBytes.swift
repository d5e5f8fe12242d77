internal import FoundationEssentials
internal import QTune

/// Whole files as bytes.
enum FileBytes {
    static func read(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw QTuneError(.inputOutput, "the file cannot be read", place: ["file '\(path)'"])
        }
        return [UInt8](data)
    }

    /// Writes a file, whole or not at all.
    static func write(_ bytes: [UInt8], to path: String) throws {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw QTuneError(.inputOutput, "the file cannot be written: \(error)", place: ["file '\(path)'"])
        }
    }
}
