internal import QTuneOperators
internal import QTuneTensor

/// The memory of one run's results: planned where there is a plan, fresh otherwise.
final class RunMemory {
    private let plan: ExecutionPlan?
    private let recorder: PlanRecorder?
    private var step = 0
    /// Those of the current step.
    private var planned = PlannedResults([])
    /// What was handed out during the current step, by index of the result, where somebody records it.
    private var given: [(index: Int, tensor: Tensor)] = []

    init(plan: ExecutionPlan?, recorder: PlanRecorder?) {
        self.plan = plan
        self.recorder = recorder
    }

    func begin(_ step: Int) {
        self.step = step
        if let plan { planned = PlannedResults(plan.places[step]) }
        if recorder != nil { given.removeAll(keepingCapacity: true) }
    }

    func allocate(_ index: Int, _ dtype: DType, _ shape: Shape) throws -> Tensor {
        if let place = planned.take(index, dtype, shape) { return place }
        let fresh = try EvaluationContext.allocate(dtype, shape)
        if recorder != nil { given.append((index, fresh)) }
        return fresh
    }

    /// Makes the results fit to be kept: one that calls are bound to lies in its place, and one that lies in the arena
    /// where the plan did not foresee it is copied out. Either happens where an operator hands on an operand in one run
    /// and not in another.
    func settle(_ results: inout [Value], of source: Program.Step) throws {
        recorder?.record(step, source, results, given: given)
        guard let plan else { return }
        for index in results.indices {
            guard case .tensor(let tensor) = results[index] else { continue }
            if let placed = try planned.placed(tensor, at: index) {
                results[index] = .tensor(placed)
            } else if !plan.permits(tensor, step, index) {
                results[index] = .tensor(tensor.copied())
            }
        }
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
