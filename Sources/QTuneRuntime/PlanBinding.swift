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
    /// Which results must lie in their places, by step.
    private(set) var boundResults: [Int: Set<Int>] = [:]
    private let pool: ThreadPool

    /// - Parameters:
    ///   - known: values that are the same in every run.
    ///   - places: memory for the results of each step.
    ///   - shape: the lengths of the axes of a slot, where they are the same in every run.
    init(
        _ program: Program, _ schedule: Schedule, known: [(slot: Int, value: Value)], places: [[Tensor?]],
        shape: (_ slot: Int) -> Shape?, pool: ThreadPool
    ) throws {
        values = Array(repeating: nil, count: program.slotCount)
        self.pool = pool
        for (slot, value) in known { values[slot] = value }
        for entry in schedule.entries {
            if bindView(entry) { continue }
            let results = entry.step.results.enumerated().map { index, slot -> Tensor? in
                guard let slot, index < places[entry.index].count, let place = places[entry.index][index],
                    shape(slot) == place.shape
                else { return nil }
                return place
            }
            for (index, result) in results.enumerated() {
                guard let result, let slot = entry.step.results[index] else { continue }
                values[slot] = .tensor(result)
                boundResults[entry.index, default: []].insert(index)
            }
            let bound = try locating("node '\(entry.step.label)' (\(entry.step.operatorType))") {
                () -> (any BoundCall)? in
                try call(entry.step, into: results)
            }
            entries.append(entry)
            calls.append(bound)
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

    /// The call that does `step`; nil where one of its values lies elsewhere in each run.
    private func call(_ step: Program.Step, into results: [Tensor?]) throws -> (any BoundCall)? {
        guard step.bodies.isEmpty, zip(step.results, results).allSatisfy({ $0 == nil || $1 != nil }) else {
            return nil
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
        let values = BoundValues(inputs: inputs, outputs: results, pool: pool)
        return try step.operator.bound(values) ?? FixedEvaluation(step, values)
    }

    private func value(_ operand: Program.Operand) -> Value? {
        switch operand {
        case .omitted: nil
        case .constant(let value): value
        case .slot(let slot): values[slot]
        }
    }
}
