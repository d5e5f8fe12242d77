internal import QTuneOperators
internal import QTuneTensor

/// The memory of one run's results: planned where there is a plan, fresh otherwise.
final class RunMemory {
    private let plan: ExecutionPlan?
    private let recorder: PlanRecorder?
    private var step = 0
    /// What was handed out during the current step, by index of the result.
    private var given: [(index: Int, tensor: Tensor)] = []

    init(plan: ExecutionPlan?, recorder: PlanRecorder?) {
        self.plan = plan
        self.recorder = recorder
    }

    /// The steps to take; nil where there is no plan.
    var schedule: Schedule? { plan?.schedule }

    func begin(_ step: Int) {
        self.step = step
        given.removeAll(keepingCapacity: true)
    }

    /// Planned memory is handed out once a step: an operator that asks again may still read what it got first.
    func allocate(_ index: Int, _ dtype: DType, _ shape: Shape) -> Tensor {
        if let planned = plan?.place(step, index), planned.dtype == dtype, planned.shape == shape,
            !given.contains(where: { $0.index == index })
        {
            given.append((index, planned))
            return planned
        }
        let fresh = Tensor(uninitialized: dtype, shape: shape)
        given.append((index, fresh))
        return fresh
    }

    /// The results as they may be kept: one that lies in the arena where the plan did not foresee it is copied out.
    /// That happens where an operator hands on an operand in one run and not in another.
    func settle(_ results: [Value], of step: Program.Step) -> [Value] {
        recorder?.record(self.step, step, results, given: given)
        guard let plan else { return results }
        let strays = results.indices.filter { index in
            results[index].tensor.map { !plan.permits($0, self.step, index) } ?? false
        }
        guard !strays.isEmpty else { return results }
        var settled = results
        for index in strays { settled[index] = results[index].tensor.map { .tensor($0.copied()) } ?? results[index] }
        return settled
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
