public import QTuneKernels
internal import Synchronization

/// Takes the time of every node of the runs that it is given to.
public final class Profiler: Sendable {
    /// The time that one node took, over all runs seen.
    public struct Entry: Sendable, Hashable {
        /// The node's name, or what stands for it.
        public let node: String
        /// The operator with its domain.
        public let operatorType: String
        public internal(set) var calls: Int
        public internal(set) var total: Duration
        /// What one call asks of the processor, by the last call.
        public internal(set) var work: KernelWork
    }

    private let state = Mutex<(order: [String], entries: [String: Entry])>(([], [:]))

    public init() {}

    /// Every node that ran, in the order of their first calls.
    public var entries: [Entry] {
        state.withLock { state in state.order.compactMap { state.entries[$0] } }
    }

    /// Forgets what was measured, as after a warm-up run.
    public func reset() { state.withLock { $0 = ([], [:]) } }

    func record(_ node: String, _ operatorType: String, _ duration: Duration, work: KernelWork) {
        state.withLock { state in
            if state.entries[node] == nil {
                state.order.append(node)
                state.entries[node] = Entry(node: node, operatorType: operatorType, calls: 0, total: .zero, work: work)
            }
            state.entries[node]?.calls += 1
            state.entries[node]?.work = work
            state.entries[node]?.total += duration
        }
    }
}
