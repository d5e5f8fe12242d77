import Foundation
import QTuneData
import QTuneQuantization
import QTuneSearch
import QTuneTensor
import Synchronization
import Testing

/// Whole runs over a tiny network.
@Suite final class TunerTests {
    private let root = FileManager.default.temporaryDirectory.path + "/qtune-run-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    private func configuration(
        ranking: RunConfiguration.Ranking = .sensitivity, seed: UInt64 = 0, samples: Int = 40
    ) throws -> RunConfiguration {
        try RunConfiguration(
            model: "tiny.onnx", modelDigest: "1", calibration: "c", calibrationIdentity: "c", calibrationSamples: 8,
            evaluation: "e", evaluationIdentity: "e\(samples)", evaluationSamples: samples,
            preprocessing: Preprocessing(),
            strategy: .progressiveExemption, ranking: ranking, metric: .agreement, recipe: Recipe(), limit: 100,
            seed: seed,
            threads: 2, latencySeconds: 0)
    }

    @discardableResult
    private func run(
        _ name: String, _ configuration: RunConfiguration, resuming: Bool = false, stopAfter: Int = .max,
        onEvaluated: @escaping @Sendable (Bool) -> Void = { _ in }
    ) throws -> RunResult {
        let evaluated = Atomic<Int>(0)
        let tuner = try Tuner(
            configuration, folder: RunFolder(path: root + "/" + name), resuming: resuming, float: TinyClassifier.model,
            floatBytes: 4000, calibration: TinyClassifier.Samples(count: 8),
            evaluation: TinyClassifier.Samples(count: configuration.evaluationSamples),
            report: { event in
                guard case .evaluated(_, _, _, let isReplayed) = event else { return }
                evaluated.add(1, ordering: .relaxed)
                onEvaluated(isReplayed)
            }, shouldStop: { evaluated.load(ordering: .relaxed) >= stopAfter })
        return try tuner.run()
    }

    private func contents(_ path: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: root + "/" + path))
    }

    @Test(arguments: RunConfiguration.Ranking.allCases)
    func writesTheFrontAsNetworks(_ ranking: RunConfiguration.Ranking) throws {
        let result = try run("run", configuration(ranking: ranking))
        #expect(result.isComplete)
        #expect(result.candidates.count > 1)
        let files = try FileManager.default.contentsOfDirectory(atPath: root + "/run/models")
        #expect(Set(files) == Set(result.front.map(\.fileName)))
        let pareto = try JSONDecoder().decode(ParetoFile.self, from: contents("run/pareto.json"))
        #expect(pareto.front.map(\.id) == result.front.map(\.id))
        for member in result.front {
            #expect(try contents("run/models/\(member.fileName)").count == member.evaluation.sizeBytes)
        }
    }

    @Test func aStoppedRunGoesOnAndEndsAsAnUnstoppedOne() throws {
        let whole = try run("whole", configuration())
        let part = try run("part", configuration(), stopAfter: 2)
        #expect(!part.isComplete)
        #expect(part.candidates.count == 2)
        #expect(try !JSONDecoder().decode(ParetoFile.self, from: contents("part/pareto.json")).isComplete)
        let replayed = Atomic<Int>(0)
        let rest = try run("part", configuration(), resuming: true) { isReplayed in
            if isReplayed { replayed.add(1, ordering: .relaxed) }
        }
        #expect(replayed.load(ordering: .relaxed) == 2)
        #expect(rest.candidates.map(\.id) == whole.candidates.map(\.id))
        #expect(rest.candidates.map(\.evaluation) == whole.candidates.map(\.evaluation))
        #expect(try contents("part/pareto.json") == contents("whole/pareto.json"))
    }

    @Test func aJournalCutInItsLastLineGoesOn() throws {
        let whole = try run("run", configuration())
        let journal = root + "/run/journal.jsonl"
        let bytes = try contents("run/journal.jsonl")
        try bytes.dropLast(20).write(to: URL(fileURLWithPath: journal))
        let again = try run("run", configuration(), resuming: true)
        #expect(again.candidates.map(\.evaluation) == whole.candidates.map(\.evaluation))
        try (bytes.prefix(50) + Data("\n".utf8) + bytes).write(to: URL(fileURLWithPath: journal))
        #expect { try self.run("run", self.configuration(), resuming: true) } throws: { "\($0)".contains("line 1") }
    }

    @Test func theFrontIsMeasuredOnFreshData() throws {
        let tuner = try Tuner(
            configuration(), folder: RunFolder(path: root + "/run"), resuming: false, float: TinyClassifier.model,
            floatBytes: 4000, calibration: TinyClassifier.Samples(count: 8),
            evaluation: TinyClassifier.Samples(count: 40), confirmation: TinyClassifier.Samples(count: 25))
        let result = try tuner.run()
        #expect(Set(result.confirmation.keys) == Set(result.front.map(\.id) + [RunResult.floatKey]))
        #expect(result.confirmation.values.allSatisfy { $0.metrics.samples == 25 })
        let again = try #require(
            RunResult(Journal.entries(path: root + "/run/journal.jsonl"), metric: .agreement))
        #expect(again.confirmation == result.confirmation)
    }

    @Test func theSeedDecidesWhatIsMeasuredAndNothingElseDoes() throws {
        let first = try run("a", configuration(seed: 3))
        let second = try run("b", configuration(seed: 3))
        #expect(first.ranking == second.ranking)
        #expect(try contents("a/pareto.json") == contents("b/pareto.json"))
    }

    @Test func filesOfOthersInTheModelsFolderStay() throws {
        let foreign = root + "/run/models/mine.onnx"
        try FileManager.default.createDirectory(atPath: root + "/run/models", withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: foreign))
        try run("run", configuration())
        #expect(FileManager.default.fileExists(atPath: foreign))
    }

    @Test func samplesInBothSetsAreCounted() throws {
        #expect(try TinyClassifier.Samples(count: 40).overlap(with: TinyClassifier.Samples(count: 8)) == 8)
        let later = DatasetSlice(TinyClassifier.Samples(count: 40), indices: Array(8..<40))
        #expect(try later.overlap(with: TinyClassifier.Samples(count: 8)) == 0)
    }

    @Test func onlyTheSameRunIsResumed() throws {
        try run("run", configuration(), stopAfter: 1)
        #expect { try self.run("run", self.configuration()) } throws: { "\($0)".contains("--resume") }
        #expect { try self.run("run", self.configuration(seed: 1), resuming: true) } throws: {
            "\($0)".contains("seed")
        }
        #expect { try self.run("run", self.configuration(samples: 41), resuming: true) } throws: {
            "\($0)".contains("evaluation data")
        }
        #expect(throws: QTuneError.self) { try self.run("none", self.configuration(), resuming: true) }
    }
}
