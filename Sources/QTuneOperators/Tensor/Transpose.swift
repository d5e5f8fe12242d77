import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The axes in another order: axis `i` of the result is axis `perm[i]` of the operand. Without `perm`, reversed.
struct Transpose: Operator {
    static let name = "Transpose"
    static let versions = [1, 13, 21, 23, 24, 25]
    let permutation: [Int]?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        permutation = try node.ints("perm")
        if let permutation, permutation.sorted() != Array(permutation.indices) {
            throw QTuneError(.invalidModel, "attribute 'perm' \(permutation) is no permutation")
        }
    }

    private func order(rank: Int) throws -> [Int] {
        let order = permutation ?? Array((0..<rank).reversed())
        guard order.count == rank else {
            throw QTuneError(.invalidInput, "attribute 'perm' \(order) does not fit \(rank) axes")
        }
        return order
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else {
            return [.tensor(context[0].dtype, permutation.map { $0.map { _ in .unknown } })]
        }
        return [.tensor(context[0].dtype, try order(rank: dimensions.count).map { dimensions[$0] })]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.transpose }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let order = try order(rank: input.shape.rank)
        let carrier = try ElementCarrier([input])
        let shape = Shape(order.map { input.shape[$0] })
        return [
            try carrier.makeOutput(context, shape) { output in
                Layout.transpose(carrier.tensors[0], permutation: order, into: output, pool: context.pool)
            }
        ]
    }
}
