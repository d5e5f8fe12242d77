import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The cross entropy between labels and the softmax of scores, weighted and reduced; on request the log-probabilities
/// too. Operands: scores [batch, classes, ...], labels [batch, ...], weights of the classes.
struct SoftmaxCrossEntropyLoss: Operator {
    static let name = "SoftmaxCrossEntropyLoss"
    static let versions = [12, 13]

    private let loss: ClassLoss

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3, outputs: 1...2)
        loss = try ClassLoss(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let logProbabilities = InferredValue.tensor(context[0].dtype, context[0].dimensions)
        return [loss.inferLoss(context)] + (context.outputCount > 1 ? [logProbabilities] : [])
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try ClassLossOperands(context)
        let scores = try context.tensor(0)
        let logProbabilities = Self.logSoftmax(scores.widened(to: .real), operands, context.pool)
        let loss = try loss.evaluate(context, operands, logProbabilities)
        guard context.outputCount > 1 else { return [loss] }
        let output = try context.makeOutput(1, scores.dtype, scores.shape)
        ElementConversion.narrow(logProbabilities, lane: .real, into: output, saturating: true)
        return [loss, .tensor(output)]
    }

    /// The logarithm of the softmax over axis 1 of a float64 tensor.
    private static func logSoftmax(_ scores: Tensor, _ operands: ClassLossOperands, _ pool: ThreadPool) -> Tensor {
        let result = Tensor(uninitialized: .float64, shape: scores.shape)
        let (classes, plane) = (operands.classes, operands.plane)
        pool.run(over: scores.count / max(1, classes), grain: max(1, 4096 / max(1, classes))) { places in
            scores.withSpan(of: Double.self) { source in
                result.withMutableSpan(of: Double.self) { target in
                    for place in places {
                        let first = place / plane * classes * plane + place % plane
                        let indices = stride(from: first, to: first + classes * plane, by: plane)
                        let largest = indices.reduce(-Double.infinity) { max($0, source[$1]) }
                        let sum = indices.reduce(0) { $0 + exp(source[$1] - largest) }
                        let shift = largest + log(sum)
                        for index in indices { target[index] = source[index] - shift }
                    }
                }
            }
        }
        return result
    }
}
