internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// How one program runs on operands of certain types and shapes: which steps, and where their results lie in memory.
final class ExecutionPlan: Sendable {
    let entries: [Schedule.Entry]
    /// What does each step whose values all lie in the same memory in every run. Apart from the steps, which a run then
    /// need not look at.
    let calls: [(any BoundCall)?]
    /// By slot, the values that lie in the same memory in every run: those that types and shapes of the operands
    /// determine, and those that each run writes to a place of their own.
    let values: [Value?]
    /// Memory for each result, by step and index; nil where it is allocated at run time.
    let places: [[Place?]]
    /// The part of the arena in which a result may lie: its own place, or that of the operand it is a view of.
    private let regions: [[Range<UInt>?]]
    private let arena: TensorStorage
    /// Bytes that all planned results would take without sharing.
    let unsharedBytes: Int

    var arenaBytes: Int { arena.byteCount }

    init(
        entries: [Schedule.Entry], calls: [(any BoundCall)?], values: [Value?], places: [[Place?]],
        regions: [[Range<UInt>?]], arena: TensorStorage,
        unsharedBytes: Int
    ) {
        (self.entries, self.calls) = (entries, calls)
        self.values = values
        self.places = places
        self.regions = regions
        self.arena = arena
        self.unsharedBytes = unsharedBytes
    }

    /// Whether `tensor`, as the result of that step, may stay where it is.
    func permits(_ tensor: Tensor, _ step: Int, _ index: Int) -> Bool {
        guard let addresses = tensor.storage?.addresses, !addresses.isEmpty, addresses.overlaps(arena.addresses) else {
            return true
        }
        guard index < regions[step].count, let region = regions[step][index] else { return false }
        return region.lowerBound <= addresses.lowerBound && addresses.upperBound <= region.upperBound
    }
}

/// Memory for a result.
struct Place: Sendable {
    let tensor: Tensor
    /// Whether the result must lie here in every run, since calls were bound to it.
    let isBinding: Bool
}

/// Types and shapes of the values that a run starts from.
struct PlanKey: Hashable, Sendable {
    private let types: [String: TypeAndShape]

    private struct TypeAndShape: Hashable {
        let dtype: DType
        let shape: Shape
    }

    init(_ feeds: [String: Value]) {
        types = feeds.compactMapValues { $0.tensor.map { TypeAndShape(dtype: $0.dtype, shape: $0.shape) } }
    }
}

/// The plans used last.
struct PlanCache {
    private let capacity: Int
    private var entries: [(key: PlanKey, plan: ExecutionPlan)] = []

    init(capacity: Int) { self.capacity = capacity }

    var largestArena: Int { entries.map(\.plan.arenaBytes).max() ?? 0 }
    var largestUnshared: Int { entries.map(\.plan.unsharedBytes).max() ?? 0 }

    subscript(key: PlanKey) -> ExecutionPlan? {
        mutating get {
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            entries.append(entries.remove(at: index))
            return entries.last?.plan
        }
        set {
            entries.removeAll { $0.key == key }
            guard let newValue else { return }
            if entries.count == capacity { entries.removeFirst() }
            entries.append((key, newValue))
        }
    }
}
