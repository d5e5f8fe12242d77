internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The evaluation, by the operator itself, of operands that lie in the same memory in every run, into results that do.
final class FixedEvaluation: BoundCall, @unchecked Sendable {
    private let `operator`: any Operator
    private let context: EvaluationContext
    private let results: Results

    /// Memory for the results, each handed out once a run: an operator that asks again may still read what it got
    /// first.
    private final class Results {
        let places: [Tensor?]
        private var isGiven: [Bool]

        init(_ places: [Tensor?]) {
            self.places = places
            isGiven = [Bool](repeating: false, count: places.count)
        }

        func begin() {
            for index in isGiven.indices { isGiven[index] = false }
        }

        func allocate(_ index: Int, _ dtype: DType, _ shape: Shape) throws -> Tensor {
            if index < places.count, !isGiven[index], let place = places[index], place.dtype == dtype,
                place.shape == shape
            {
                isGiven[index] = true
                return place
            }
            return try EvaluationContext.allocate(dtype, shape)
        }
    }

    init(_ step: Program.Step, _ values: BoundValues) {
        `operator` = step.operator
        let results = Results(values.outputs)
        self.results = results
        context = EvaluationContext(
            inputs: values.inputs.map { $0.map(Value.tensor) }, outputCount: step.results.count, pool: values.pool,
            allocate: { try results.allocate($0, $1, $2) })
    }

    func run() throws {
        results.begin()
        let made = try `operator`.evaluate(context)
        for (index, place) in results.places.enumerated() {
            guard let place else { continue }
            guard index < made.count, case .tensor(let tensor) = made[index] else {
                throw QTuneError(.internalError, "result \(index) is no tensor, or is missing")
            }
            if !tensor.isCopy(of: place) { _ = try tensor.moved(to: place) }
        }
    }
}
