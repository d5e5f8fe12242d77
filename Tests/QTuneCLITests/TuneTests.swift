import Foundation
import Testing

/// Searches that are stopped go on where they were and end as if nothing had happened.
@Suite struct TuneTests {
    static func arguments(_ folder: String, candidates: Int = 8) -> [String] {
        ["tune", Demo.model, "--calibration", Demo.calibration, "--evaluation", Demo.evaluation, "--output", folder]
            + ["--calibration-limit", "4", "--evaluation-limit", "20", "--limit", "\(candidates)"]
            + ["--latency-seconds", "0", "--threads", "1"] + Demo.normalization
    }

    @Test func stoppedRunsEndWithTheSameFront() throws {
        try withTestFolder { folder in
            let whole = try QTuneProcess.run(Self.arguments(folder + "/whole") + ["--json"])
            #expect(whole.status == 0)
            #expect(try JSONSerialization.jsonObject(with: Data(whole.output.utf8)) is [String: Any])
            let front = try contents(of: folder + "/whole/pareto.json")

            for (name, signal, status) in [("interrupted", SIGINT, Int32(130)), ("killed", SIGKILL, -SIGKILL)] {
                let run = folder + "/" + name
                let stopped = try stop(run, by: signal)
                #expect(stopped.status == status, "\(stopped.messages)")
                #expect(try !saysComplete(run), "the search was over before the signal came")
                #expect(try QTuneProcess.run(Self.arguments(run)).status == 64, "a run is not begun anew by accident")
                #expect(try QTuneProcess.run(Self.arguments(run) + ["--resume"]).status == 0)
                #expect(try contents(of: run + "/pareto.json") == front)
                let left = try names(in: run)
                #expect(left.allSatisfy { !$0.hasSuffix(".partial") })
            }

            let report = try QTuneProcess.run("report", folder + "/whole", "--json")
            #expect(report.status == 0)
            #expect(try JSONSerialization.jsonObject(with: Data(report.output.utf8)) is [String: Any])
        }
    }

    /// Whether the run in `folder` wrote that every candidate was evaluated.
    private func saysComplete(_ folder: String) throws -> Bool {
        guard let pareto = try? contents(of: folder + "/pareto.json") else { return false }
        let object = try JSONSerialization.jsonObject(with: Data(pareto)) as? [String: Any]
        return try #require(object?["isComplete"] as? Bool)
    }

    /// Sends `signal` to a search once its journal has a line.
    private func stop(_ folder: String, by signal: Int32) throws -> Outcome {
        let running = try QTuneProcess.start(Self.arguments(folder))
        let deadline = Date(timeIntervalSinceNow: 100)
        while running.process.isRunning, Date() < deadline {
            if let journal = try? contents(of: folder + "/journal.jsonl"), !journal.isEmpty { break }
            Thread.sleep(forTimeInterval: 0.002)
        }
        kill(running.process.processIdentifier, signal)
        return try running.wait()
    }

    @Test func resumingWithOtherOptionsIsAnError() throws {
        try withTestFolder { folder in
            let run = folder + "/run"
            #expect(try QTuneProcess.run(Self.arguments(run, candidates: 1)).status == 0)
            let other = try QTuneProcess.run(Self.arguments(run, candidates: 1) + ["--resume", "--seed", "5"])
            #expect(other.status == 64 && other.messages.contains("seed"))
            let none = try QTuneProcess.run(Self.arguments(folder + "/none") + ["--resume"])
            #expect(none.status == 64 && none.messages.contains("no run to resume"))
        }
    }
}
