internal import CQTuneKernels
internal import Synchronization

/// Runs the parts of a job at the same time on a fixed number of threads, the caller's among them.
///
/// Workers look for the next job for some tens of microseconds before they sleep, so that one layer of a network
/// hands over to the next within a microsecond. A job that starts inside another, or while another thread's job
/// runs, is done by its caller alone.
package final class ThreadPool: @unchecked Sendable {
    /// Threads that work on a job, at least 1.
    package let threads: Int

    private let pool: OpaquePointer?

    package init(threads: Int) {
        self.threads = max(1, threads)
        pool = threads > 1 ? qt_pool_create(threads) : nil
    }

    deinit { qt_pool_destroy(pool) }

    private struct Reference {
        weak var pool: ThreadPool?
    }

    private static let pools = Mutex<[Int: Reference]>([:])

    /// The pool of so many threads that everyone in this process shares: workers of several pools would wait in each
    /// other's way.
    package static func shared(threads: Int) -> ThreadPool {
        pools.withLock { pools in
            if let pool = pools[threads]?.pool { return pool }
            let pool = ThreadPool(threads: threads)
            pools[threads] = Reference(pool: pool)
            return pool
        }
    }

    /// Calls `body` once for each part in `0..<parts`, in no particular order, and returns when all calls have
    /// returned. One part runs on the caller without waking anyone.
    package func run(parts: Int, _ body: (Int) -> Void) {
        guard parts > 1, let pool else {
            for part in 0..<max(0, parts) { body(part) }
            return
        }
        withoutActuallyEscaping(body) { body in
            var body = body
            withUnsafeMutablePointer(to: &body) { context in
                qt_pool_run(
                    pool, parts,
                    { context, part in
                        context?.assumingMemoryBound(to: ((Int) -> Void).self).pointee(part)
                    }, context)
            }
        }
    }

    /// Splits `0..<count` into equal ranges of at least `grain` and calls `body` once for each.
    /// The ranges depend on `count`, `grain` and the number of threads only.
    package func run(over count: Int, grain: Int, _ body: (Range<Int>) -> Void) {
        guard count > 0 else { return }
        let parts = min(threads * 4, max(1, count / max(1, grain)))
        guard threads > 1, parts > 1 else { return body(0..<count) }
        run(parts: parts) { part in body(count * part / parts..<count * (part + 1) / parts) }
    }
}
