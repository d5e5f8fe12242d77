import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Local response normalization: `x / (bias + alpha / size * sum of squares of neighbouring channels) ^ beta`.
struct LRN: Operator {
    static let name = "LRN"
    static let versions = [1, 13]

    private let alpha: Float
    private let beta: Float
    private let bias: Float
    private let size: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        alpha = try node.float("alpha") ?? 1e-4
        beta = try node.float("beta") ?? 0.75
        bias = try node.float("bias") ?? 1
        size = try node.required("size", try node.int("size"))
        guard (1...Int(Int32.max)).contains(size) else {
            throw QTuneError(.invalidModel, "attribute 'size' is \(size)")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank >= 2 else { throw QTuneError(.invalidInput, "LRN of \(input.shape)") }
        let runs = AxisRuns(input.shape, axes: 1..<2)
        return [
            try context.makeFloatOutput(0, input.dtype, input.shape) { output in
                if input.dtype == .float64 {
                    normalize(Double.self, input, runs, into: output)
                } else {
                    normalize(Float.self, input.widened(), runs, into: output)
                }
            }
        ]
    }

    private func normalize<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ runs: AxisRuns, into output: Tensor
    ) {
        let (before, after) = ((size - 1) / 2, size / 2)
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                runs.forEachRun { start in
                    for channel in 0..<runs.length {
                        var sum = 0.0
                        for neighbour in max(0, channel - before)...min(runs.length - 1, channel + after) {
                            let value = Double(source[start + neighbour * runs.inner])
                            sum += value * value
                        }
                        let place = start + channel * runs.inner
                        let divisor = pow(Double(bias) + Double(alpha) / Double(size) * sum, Double(beta))
                        target[place] = Element(Double(source[place]) / divisor)
                    }
                }
            }
        }
    }
}
