internal import QTuneOperators
internal import QTuneTensor

/// The memory of one run's results: planned where there is a plan, fresh otherwise.
final class RunMemory {
    private let plan: ExecutionPlan?
    private let recorder: PlanRecorder?
    private var step = 0
    /// Planned memory for the results of the current step.
    private var places: [Tensor?] = []
    /// Whose planned memory was handed out during the current step: bits by index of the result.
    private var placed: UInt64 = 0
    /// What was handed out during the current step, by index of the result, where somebody records it.
    private var given: [(index: Int, tensor: Tensor)] = []

    init(plan: ExecutionPlan?, recorder: PlanRecorder?) {
        self.plan = plan
        self.recorder = recorder
    }

    /// The steps to take; nil where there is no plan.
    var schedule: Schedule? { plan?.schedule }

    func begin(_ step: Int) {
        self.step = step
        placed = 0
        if let plan { places = plan.places[step] }
        if recorder != nil { given.removeAll(keepingCapacity: true) }
    }

    /// Results of a step beyond these are never planned.
    static let mostPlaced = UInt64.bitWidth

    /// Planned memory is handed out once a step: an operator that asks again may still read what it got first.
    func allocate(_ index: Int, _ dtype: DType, _ shape: Shape) throws -> Tensor {
        if index < min(places.count, Self.mostPlaced), placed & (1 << UInt64(index)) == 0,
            let place = places[index], place.dtype == dtype, place.shape == shape
        {
            placed |= 1 << UInt64(index)
            return place
        }
        let fresh = try EvaluationContext.allocate(dtype, shape)
        if recorder != nil { given.append((index, fresh)) }
        return fresh
    }

    /// Makes the results fit to be kept: one that lies in the arena where the plan did not foresee it is copied out.
    /// That happens where an operator hands on an operand in one run and not in another.
    func settle(_ results: inout [Value], of source: Program.Step) {
        recorder?.record(step, source, results, given: given)
        guard let plan else { return }
        for index in results.indices {
            guard case .tensor(let tensor) = results[index], !isPlaced(tensor, index),
                !plan.permits(tensor, step, index)
            else { continue }
            results[index] = .tensor(tensor.copied())
        }
    }

    /// Whether `tensor` is the planned memory for that result.
    private func isPlaced(_ tensor: Tensor, _ index: Int) -> Bool {
        index < places.count && places[index].map { tensor.isCopy(of: $0) } ?? false
    }
}

extension Tensor {
    /// The same elements in memory of their own.
    func copied() -> Tensor {
        let copy = Tensor(uninitialized: dtype, shape: shape)
        withBytes { source in
            copy.withMutableBytes { target in
                for index in source.indices { target[index] = source[index] }
            }
        }
        return copy
    }
}
