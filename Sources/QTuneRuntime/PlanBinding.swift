internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Finds the values of a plan that lie in the same memory in every run, and binds the steps between them to it.
struct PlanBinding {
    /// By slot; nil for a value that each run finds elsewhere.
    private(set) var values: [Value?]
    /// The steps that runs take, and the calls that do them, nil where a value lies elsewhere in each run.
    private(set) var entries: [Schedule.Entry] = []
    private(set) var calls: [(any BoundCall)?] = []
    /// Memory for each result, by step and index; nil where it is allocated at run time.
    private(set) var places: [[Place?]]
    private let pool: ThreadPool

    /// - Parameters:
    ///   - known: values that are the same in every run.
    ///   - places: memory for the results of each step.
    ///   - isFixed: whether a slot holds a value of the type and shape of that tensor in every run.
    init(
        _ program: Program, _ schedule: Schedule, known: [(slot: Int, value: Value)], places: [[Tensor?]],
        isFixed: (_ slot: Int, Tensor) -> Bool, pool: ThreadPool
    ) {
        values = Array(repeating: nil, count: program.slotCount)
        self.places = places.map { $0.map { $0.map { Place(tensor: $0, isBinding: false) } } }
        self.pool = pool
        for (slot, value) in known { values[slot] = value }
        for entry in schedule.entries {
            if bindView(entry) { continue }
            bindResults(entry, isFixed: isFixed)
            entries.append(entry)
            calls.append(call(entry))
        }
    }

    /// Whether `entry` gives a value that stays where it is no more than another shape, so that runs need not.
    private mutating func bindView(_ entry: Schedule.Entry) -> Bool {
        guard let shape = entry.view, let slot = entry.step.results[0],
            case .tensor(let tensor)? = value(entry.step.operands[0]), tensor.count == shape.elementCount
        else { return false }
        values[slot] = .tensor(tensor.reshaped(to: shape))
        return true
    }

    /// Notes which results of `entry` lie in their places in every run.
    private mutating func bindResults(_ entry: Schedule.Entry, isFixed: (_ slot: Int, Tensor) -> Bool) {
        for (index, slot) in entry.step.results.enumerated() where index < places[entry.index].count {
            guard let slot, let tensor = places[entry.index][index]?.tensor, isFixed(slot, tensor) else { continue }
            places[entry.index][index] = Place(tensor: tensor, isBinding: true)
            values[slot] = .tensor(tensor)
        }
    }

    /// The call that does the step of `entry`; nil where one of its values lies elsewhere in each run.
    private func call(_ entry: Schedule.Entry) -> (any BoundCall)? {
        let (step, places) = (entry.step, places[entry.index])
        guard step.bodies.isEmpty else { return nil }
        var outputs: [Tensor?] = []
        for (index, slot) in step.results.enumerated() {
            let place = index < places.count ? places[index] : nil
            guard slot == nil || place?.isBinding == true else { return nil }
            outputs.append(slot == nil ? nil : place?.tensor)
        }
        var inputs: [Tensor?] = []
        for operand in step.operands {
            if case .omitted = operand {
                inputs.append(nil)
            } else if case .tensor(let tensor)? = value(operand) {
                inputs.append(tensor)
            } else {
                return nil
            }
        }
        return step.operator.bound(BoundValues(inputs: inputs, outputs: outputs, pool: pool))
            ?? FixedEvaluation(step, inputs: inputs, places: places, pool: pool)
    }

    private func value(_ operand: Program.Operand) -> Value? {
        switch operand {
        case .omitted: nil
        case .constant(let value): value
        case .slot(let slot): values[slot]
        }
    }
}
