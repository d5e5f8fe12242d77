public import FoundationEssentials
public import QTuneQuantization
internal import QTuneTensor

/// The folder of one run: `config.json`, `journal.jsonl`, `statistics.json`, `pareto.json`, `models/*.onnx`,
/// `report.html`.
public struct RunFolder: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    public var configurationPath: String { path + "/config.json" }
    public var journalPath: String { path + "/journal.jsonl" }
    public var statisticsPath: String { path + "/statistics.json" }
    public var paretoPath: String { path + "/pareto.json" }
    public var reportPath: String { path + "/report.html" }
    public var modelsPath: String { path + "/models" }

    /// Whether a run was started here.
    public var holdsRun: Bool { FileManager.default.fileExists(atPath: configurationPath) }

    /// Makes the folder for a new run, or opens it to go on with the run that it holds.
    /// - Parameter resuming: whether the folder may hold a run; it must have the same configuration.
    public func prepare(for configuration: RunConfiguration, resuming: Bool) throws {
        if holdsRun {
            guard resuming else {
                throw QTuneError(
                    .invalidArgument, "the folder holds a run already", place: ["folder '\(path)'"],
                    remedy: "go on with it by --resume, or give another --output")
            }
            try locating("folder '\(path)'") { try configuration.checkResumes(self.configuration()) }
            try write(configuration, to: configurationPath)
        } else {
            guard !resuming else {
                throw QTuneError(.invalidArgument, "there is no run to resume", place: ["folder '\(path)'"])
            }
            try wrapping {
                try FileManager.default.createDirectory(atPath: modelsPath, withIntermediateDirectories: true)
            }
            try write(configuration, to: configurationPath)
        }
    }

    /// The configuration that the run was started with.
    public func configuration() throws -> RunConfiguration { try read(RunConfiguration.self, from: configurationPath) }

    /// The statistics that calibration left; nil where it has not ended.
    public func statistics() throws -> Statistics? {
        guard let data = FileManager.default.contents(atPath: statisticsPath) else { return nil }
        return try locating("file '\(statisticsPath)'") { try Statistics(json: [UInt8](data)) }
    }

    public func write(_ statistics: Statistics) throws {
        try write(Data(statistics.json()), to: statisticsPath)
    }

    /// Writes `value` as JSON, whole or not at all.
    public func write(_ value: some Encodable, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(encoder.encode(value), to: path)
    }

    /// Writes bytes, whole or not at all.
    public func write(_ data: Data, to path: String) throws {
        try wrapping { try data.write(to: URL(fileURLWithPath: path), options: .atomic) }
    }

    /// Deletes the networks `names` in `models`, those that are there.
    public func removeModels(_ names: Set<String>) throws {
        try wrapping {
            for path in names.map({ modelsPath + "/" + $0 }) where FileManager.default.fileExists(atPath: path) {
                try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    private func read<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw QTuneError(.inputOutput, "the file cannot be read", place: ["file '\(path)'"])
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw QTuneError(.invalidData, "the file is damaged", place: ["file '\(path)'"])
        }
    }

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as QTuneError {
            throw error
        } catch {
            throw QTuneError(.inputOutput, "a file cannot be read or written: \(error)", place: ["folder '\(path)'"])
        }
    }
}
