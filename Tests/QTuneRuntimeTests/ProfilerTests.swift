import QTuneKernels
import QTuneRuntime
import Testing

struct ProfilerTests {
    private let work = KernelWork(kernel: nil, operations: 10, ceiling: .memory)

    /// - Parameter times: of the calls of node `a` in each run, in milliseconds.
    private func entry(_ times: [[Int]]) throws -> Profiler.Entry {
        let profiler = Profiler()
        for calls in times {
            let run = ProfiledRun()
            for time in calls { run.record("a", "A", .milliseconds(time), work: work) }
            profiler.add(run)
        }
        return try #require(profiler.entries.first)
    }

    @Test func aRunThatWasHeldUpDoesNotShow() throws {
        let entry = try entry([[2], [900], [2], [3], [2]])
        #expect(entry.typical == .milliseconds(2) && entry.total == .milliseconds(909))
        #expect(try self.entry([[2], [4]]).typical == .milliseconds(3))
    }

    /// As in the body of a loop: the time of a run is that of all its calls, unlike as they may be.
    @Test func callsOfOneRunAreAddedUp() throws {
        let entry = try entry([[1, 5], [1, 5], [1, 70]])
        #expect(entry.typical == .milliseconds(6))
        #expect(entry.runs == 3 && entry.calls == 6)
    }

    @Test func nodesKeepTheOrderOfTheirFirstCalls() {
        let profiler = Profiler()
        for nodes in [["b", "a"], ["c", "a", "b"]] {
            let run = ProfiledRun()
            for node in nodes { run.record(node, "A", .milliseconds(1), work: work) }
            profiler.add(run)
        }
        #expect(profiler.entries.map(\.node) == ["b", "a", "c"])
        #expect(profiler.entries.map(\.runs) == [2, 2, 1])
    }

    /// What is kept of many times is bounded, and spread over all of them.
    @Test(arguments: [1, 2, 255, 256, 257, 5_000, 100_000])
    func manyRunsTakeLittleMemory(count: Int) {
        var sample = SpreadSample()
        for index in 1...count { sample.append(.microseconds(index)) }
        #expect(sample.kept.count < SpreadSample.capacity && sample.kept.count >= min(count, 127))
        let middle = Double(count + 1) / 2
        let median = sample.median / .microseconds(1)
        #expect(abs(median - middle) <= max(0.5, middle / 50), "\(median) of \(count)")
    }
}
