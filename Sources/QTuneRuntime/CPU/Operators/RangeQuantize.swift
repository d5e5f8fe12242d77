internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// DynamicQuantizeLinear of values whose range the node that made them found: the second operand holds its two ends.
struct RangeQuantize: Operator {
    static let name = "RangeQuantize"
    static let domain = "qtune"
    static let versions = [1]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2, outputs: 1...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.uint8, context[0].dimensions), .tensor(.float32, []), .tensor(.uint8, [])]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.integerElementwise }

    func bound(_ values: BoundValues) -> (any BoundCall)? {
        guard let input = values.input(0), let ends = values.input(1), let results = DynamicResults(values) else {
            return nil
        }
        return BoundRangeQuantize(input, ends: ends, into: results, pool: values.pool)
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, ends) = (try context.tensor(0), try context.tensor(1))
        guard input.dtype == .float32, let (lower, upper) = ends.twoFloats else {
            throw QTuneError(.invalidInput, "\(input.dtype) values with a range of \(ends.dtype)\(ends.shape)")
        }
        return try DynamicRange(lower: lower, upper: upper).results(input, context)
    }
}

/// A range as the second result of a node: its two ends.
enum RangeResult {
    static let inferred = InferredValue.tensor(.float32, [.fixed(2)])

    /// `results` with `range`, where the node gave one.
    static func appended(_ range: RealRange?, to results: [Value], _ context: EvaluationContext) throws -> [Value] {
        guard let range else { return results }
        let ends = try context.makeOutput(results.count, .float32, [2])
        ends.store(range.lower, at: 0)
        ends.store(range.upper, at: 1)
        return results + [.tensor(ends)]
    }
}
