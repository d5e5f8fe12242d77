internal import FoundationEssentials
internal import QTuneTensor

/// The append-only record of a run, one JSON object a line. Each line reaches the disk before the next candidate
/// starts, so that killing a run loses the candidate in hand and no more.
public final class Journal {
    /// One line.
    public enum Entry: Codable, Sendable, Equatable {
        case float(Evaluation)
        case ranking(ExemptionRanking)
        case candidate(EvaluatedCandidate)
        /// The front's members and the float network, timed in turn once the search was over.
        case latencies([String: Latency])
        /// The front's members and the float network on data that the search did not see, of that identity.
        case confirmation(data: String, [String: Evaluation])
        /// Every candidate was evaluated.
        case complete
    }

    /// What the file held when it was opened, and what was added since.
    public private(set) var entries: [Entry]
    private let file: OutputFile
    private let path: String

    /// Opens the journal at `path` or makes an empty one. A last line that was cut short is taken off; any other line
    /// that cannot be read is an error.
    public init(path: String) throws {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        let (entries, length) = try locating("journal '\(path)'") { try Self.parse(data) }
        file = try locating("journal '\(path)'") { try OutputFile(path: path, keeping: length) }
        self.path = path
        self.entries = entries
    }

    /// The lines of a journal that is only read; a last line that was cut short is passed over.
    public static func entries(path: String) throws -> [Entry] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw QTuneError(.inputOutput, "the file cannot be read", place: ["journal '\(path)'"])
        }
        return try locating("journal '\(path)'") { try parse(data).entries }
    }

    /// Adds a line and waits until it is on disk.
    public func append(_ entry: Entry) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = try encoder.encode(entry)
        line.append(0x0A)
        try locating("journal '\(path)'") {
            try file.append(line)
            try file.synchronize()
        }
        entries.append(entry)
    }

    /// The whole lines of `data`, and how many bytes they take.
    private static func parse(_ data: Data) throws -> (entries: [Entry], length: Int) {
        var entries: [Entry] = []
        var start = data.startIndex
        while let end = data[start...].firstIndex(of: 0x0A) {
            do {
                entries.append(try JSONDecoder().decode(Entry.self, from: data[start..<end]))
            } catch {
                throw QTuneError(
                    .invalidData, "line \(entries.count + 1) cannot be read",
                    remedy: "start a new run in another folder")
            }
            start = data.index(after: end)
        }
        return (entries, data.distance(from: data.startIndex, to: start))
    }
}
