internal import QTuneOperators
internal import QTuneTensor

/// The memory of one run's results: planned where there is a plan, fresh otherwise.
final class RunMemory {
    private let plan: ExecutionPlan?
    private let recorder: PlanRecorder?
    private var step = 0
    /// Planned memory for the results of the current step.
    private var places: [Place?] = []
    /// Whose planned memory was handed out during the current step: bits by index of the result.
    private var placed: UInt64 = 0
    /// What was handed out during the current step, by index of the result, where somebody records it.
    private var given: [(index: Int, tensor: Tensor)] = []

    init(plan: ExecutionPlan?, recorder: PlanRecorder?) {
        self.plan = plan
        self.recorder = recorder
    }

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
            let place = places[index]?.tensor, place.dtype == dtype, place.shape == shape
        {
            placed |= 1 << UInt64(index)
            return place
        }
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
            let place = index < places.count ? places[index] : nil
            if let place, tensor.isCopy(of: place.tensor) { continue }
            if let place, place.isBinding {
                results[index] = .tensor(try tensor.moved(to: place.tensor))
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

    /// The same elements in the memory of `place`.
    func moved(to place: Tensor) throws -> Tensor {
        guard dtype == place.dtype, shape == place.shape else {
            throw QTuneError(
                .internalError, "a result of \(dtype)\(shape) where every run gives \(place.dtype)\(place.shape)")
        }
        place.copyBytes(0..<byteCount, of: self, to: 0)
        return place
    }
}
