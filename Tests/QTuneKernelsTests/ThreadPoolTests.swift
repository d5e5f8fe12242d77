import QTuneKernels
import Synchronization
import Testing

struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 8])
    func runsEachPartOnceInThousandsOfSmallJobs(threads: Int) {
        let pool = ThreadPool(threads: threads)
        for parts in 0..<40 {
            let counts = (0..<max(1, parts)).map { _ in Counter() }
            for _ in 0..<100 { pool.run(parts: parts) { counts[$0].value.add(1, ordering: .relaxed) } }
            for count in counts.prefix(parts) { #expect(count.value.load(ordering: .relaxed) == 100) }
        }
    }

    @Test func runsANestedJobOnItsCaller() {
        let pool = ThreadPool(threads: 4)
        let total = Counter()
        for _ in 0..<200 {
            pool.run(parts: 5) { _ in
                pool.run(parts: 7) { _ in total.value.add(1, ordering: .relaxed) }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 200 * 35)
    }

    @Test func servesCallersOnSeveralThreads() async {
        let pool = ThreadPool(threads: 3)
        let total = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<500 { pool.run(parts: 6) { _ in total.value.add(1, ordering: .relaxed) } }
                }
            }
        }
        #expect(total.value.load(ordering: .relaxed) == 4 * 500 * 6)
    }

    @Test func wakesWorkersThatSleep() async throws {
        let pool = ThreadPool(threads: 2)
        let total = Counter()
        for _ in 0..<20 {
            try await Task.sleep(for: .milliseconds(2))
            pool.run(parts: 4) { _ in total.value.add(1, ordering: .relaxed) }
        }
        #expect(total.value.load(ordering: .relaxed) == 80)
    }

    @Test func endsItsThreadsWhenItGoes() {
        for _ in 0..<200 {
            let pool = ThreadPool(threads: 3)
            pool.run(parts: 3) { _ in }
        }
        for _ in 0..<50 { _ = ThreadPool(threads: 4) }
    }

    @Test(arguments: [(0, 1), (1, 1), (7, 3), (1000, 1), (1000, 999), (1001, 10)])
    func splitsARangeWithoutGaps(count: Int, grain: Int) {
        let pool = ThreadPool(threads: 2)
        let seen = (0..<max(1, count)).map { _ in Counter() }
        pool.run(over: count, grain: grain) { range in
            for index in range { seen[index].value.add(1, ordering: .relaxed) }
        }
        #expect(seen.prefix(count).allSatisfy { $0.value.load(ordering: .relaxed) == 1 })
    }
}

private final class Counter: Sendable {
    let value = Atomic(0)
}
