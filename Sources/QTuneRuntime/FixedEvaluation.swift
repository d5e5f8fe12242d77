internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The evaluation, by the operator itself, of operands that lie in the same memory in every run, into results that do.
final class FixedEvaluation: BoundCall, @unchecked Sendable {
    private let `operator`: any Operator
    private let context: EvaluationContext
    private let memory: Memory

    private final class Memory {
        var planned: PlannedResults

        init(_ places: [Place?]) { planned = PlannedResults(places) }
    }

    /// - Parameters:
    ///   - inputs: the operands.
    ///   - places: memory for all that the operator makes, be it asked for or not.
    init(_ step: Program.Step, inputs: [Tensor?], places: [Place?], pool: ThreadPool) {
        `operator` = step.operator
        let memory = Memory(places)
        self.memory = memory
        context = EvaluationContext(
            inputs: inputs.map { $0.map(Value.tensor) }, outputCount: step.results.count, pool: pool,
            allocate: { try memory.planned.take($0, $1, $2) ?? EvaluationContext.allocate($1, $2) })
    }

    func run() throws {
        memory.planned.begin()
        let made = try `operator`.evaluate(context)
        for (index, place) in memory.planned.places.enumerated() where place?.isBinding == true {
            guard index < made.count, case .tensor(let tensor) = made[index] else {
                throw QTuneError(.internalError, "result \(index) is no tensor, or is missing")
            }
            _ = try memory.planned.placed(tensor, at: index)
        }
    }
}
