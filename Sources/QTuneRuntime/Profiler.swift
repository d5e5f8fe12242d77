public import QTuneKernels
internal import Synchronization

/// Takes the time of every node of the runs that it is given to.
public final class Profiler: Sendable {
    /// The time that one node took.
    public struct Entry: Sendable, Hashable {
        /// The node's name, or what stands for it.
        public let node: String
        /// The operator with its domain.
        public let operatorType: String
        /// Runs of the network in which the node was called.
        public internal(set) var runs = 0
        /// Calls in all runs: more than runs for a node in the body of a loop.
        public internal(set) var calls = 0
        /// The time of all calls.
        public internal(set) var total = Duration.zero
        /// The time of all calls of one run, the median over the runs: what the system does beside a few of them does
        /// not show.
        public internal(set) var typical = Duration.zero
        /// What one call asks of the processor, by the last call.
        public internal(set) var work: KernelWork
    }

    private struct Record {
        var entry: Entry
        var times = SpreadSample()
    }

    private let state = Mutex<(order: [String], records: [String: Record])>(([], [:]))

    public init() {}

    /// Every node that ran, in the order of their first calls.
    public var entries: [Entry] {
        state.withLock { state in
            state.order.compactMap { node in
                guard let record = state.records[node] else { return nil }
                var entry = record.entry
                entry.typical = record.times.median
                return entry
            }
        }
    }

    /// Forgets what was measured, as after a warm-up run.
    public func reset() { state.withLock { $0 = ([], [:]) } }

    package func add(_ run: ProfiledRun) {
        let nodes = run.nodes
        state.withLock { state in
            for node in nodes {
                if state.records[node.node] == nil { state.order.append(node.node) }
                var record =
                    state.records[node.node]
                    ?? Record(entry: Entry(node: node.node, operatorType: node.operatorType, work: node.work))
                record.entry.runs += 1
                record.entry.calls += node.calls
                record.entry.total += node.total
                record.entry.work = node.work
                record.times.append(node.total)
                state.records[node.node] = record
            }
        }
    }
}

/// The times of the nodes of one run.
package final class ProfiledRun: Sendable {
    private let state = Mutex<(order: [String], entries: [String: Profiler.Entry])>(([], [:]))

    package init() {}

    /// The nodes that ran, in the order of their first calls.
    fileprivate var nodes: [Profiler.Entry] {
        state.withLock { state in state.order.compactMap { state.entries[$0] } }
    }

    package func record(_ node: String, _ operatorType: String, _ duration: Duration, work: KernelWork) {
        state.withLock { state in
            if state.entries[node] == nil { state.order.append(node) }
            var entry = state.entries[node] ?? Profiler.Entry(node: node, operatorType: operatorType, work: work)
            entry.calls += 1
            entry.total += duration
            entry.work = work
            state.entries[node] = entry
        }
    }
}

/// Durations that come one after the other, or, where they are many, a bounded number of them spread evenly over all.
package struct SpreadSample {
    package static let capacity = 256

    package private(set) var kept: [Duration] = []
    /// Of so many that come, one is kept.
    private var step = 1
    private var skipped = 0

    package init() {}

    package mutating func append(_ duration: Duration) {
        skipped += 1
        guard skipped == step else { return }
        skipped = 0
        kept.append(duration)
        guard kept.count == Self.capacity else { return }
        kept = stride(from: 1, to: kept.count, by: 2).map { kept[$0] }
        step *= 2
    }

    /// Zero where nothing came.
    package var median: Duration {
        guard !kept.isEmpty else { return .zero }
        let sorted = kept.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
