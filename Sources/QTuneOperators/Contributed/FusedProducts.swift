import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A product of the first operands, of which there are three at most, and what is done to it.
protocol FusedProduct: Operator {
    var product: any Operator { get set }
}

extension FusedProduct {
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try product.inferOutputs(context) }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let packed = try product.prepacked(constants.filter { $0.key < 3 }) else { return nil }
        var copy = self
        copy.product = packed
        return copy
    }
}

/// A Conv, then the sum with a fourth operand where there is one, then an activation.
struct FusedConv: FusedProduct {
    static let name = "FusedConv"
    static let domain = "com.microsoft"
    static let versions = [1]

    var product: any Operator
    private let activation: FusedActivation

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4)
        var plain = node.node
        plain.inputs = Array(plain.inputs.prefix(3))
        product = try Conv(NodeReader(plain, opset: 21))
        let name = try node.string("activation")
        let numbers = try node.floats("activation_params") ?? []
        activation = try FusedActivation(
            name, Dictionary(zip(FusedActivation.numberNames(name), numbers)) { first, _ in first })
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = Array(context.inputs.prefix(3))
        let results: [Value]
        if context.has(3) {
            let inner = EvaluationContext(inputs: operands, outputCount: 1, pool: context.pool)
            let addends = try product.evaluate(inner) + [.tensor(try context.tensor(3))]
            results = try Add.inner([:], inputs: ["a", "b"]).evaluate(context.with(inputs: addends))
        } else {
            results = try product.evaluate(context.with(inputs: operands))
        }
        return try results.map { try activation.apply(to: $0, pool: context.pool) }
    }
}

/// A Gemm, then an activation.
struct FusedGemm: FusedProduct {
    static let name = "FusedGemm"
    static let domain = "com.microsoft"
    static let versions = [1]

    var product: any Operator
    private let activation: FusedActivation

    init(_ node: NodeReader) throws {
        product = try Gemm(node)
        var numbers: [String: Float] = [:]
        for name in ["alpha", "beta", "gamma"] { numbers[name] = try node.float("activation_\(name)") }
        activation = try FusedActivation(try node.string("activation"), numbers)
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try product.evaluate(context).map { try activation.apply(to: $0, pool: context.pool) }
    }
}

/// `alpha` times the matrix product of operands that may be transposed: their last two axes, and before that the first
/// axis behind all but the last.
struct FusedMatMul: Operator {
    static let name = "FusedMatMul"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let alpha: Float
    private let transposes: [(matrix: Bool, batch: Bool)]
    private var product: any Operator
    /// Whether `product` holds the right-hand matrix, transposed.
    private var isPacked = false

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        alpha = try node.float("alpha") ?? 1
        transposes = try ["A", "B"].map { side in
            (try node.int("trans\(side)") ?? 0 != 0, try node.int("transBatch\(side)") ?? 0 != 0)
        }
        product = try MatMul.inner([:], inputs: ["a", "b"])
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let shapes = (0..<2).map { index in
            context[index].dimensions.map { dimensions in
                permutation(index, rank: dimensions.count).map { $0.map { dimensions[$0] } } ?? dimensions
            }
        }
        return [.tensor(context[0].dtype, try MatrixProductOperands.inferDimensions(shapes[0], shapes[1]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let a = try transposed(try context.tensor(0), 0)
        let b = isPacked ? try context.tensor(1) : try transposed(try context.tensor(1), 1)
        // The kernel has the elements; only the shape counts then.
        let right = isPacked && transposes[1].matrix ? b.reshaped(to: [b.shape[1], b.shape[0]]) : b
        let results = try product.evaluate(context.with(inputs: [.tensor(a), .tensor(right)]))
        guard alpha != 1, let result = results.first?.tensor else { return results }
        let factor = Double(alpha)
        try UnaryFunction(kernel: .affine(scale: alpha, offset: 0)) { $0 * factor }
            .apply(to: result, into: result, pool: context.pool)
        return results
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let b = constants[1], b.shape.rank == 2, let packed = try product.prepacked([1: try transposed(b, 1)])
        else { return nil }
        var copy = self
        copy.product = packed
        copy.isPacked = true
        return copy
    }

    /// The order of an operand's axes; nil where it stays.
    private func permutation(_ index: Int, rank: Int) -> [Int]? {
        let (matrix, batch) = transposes[index]
        guard rank >= 2, matrix || batch else { return nil }
        var axes = Array(0..<rank)
        if batch { axes.insert(axes.removeFirst(), at: rank - 2) }
        if matrix { axes.swapAt(rank - 1, rank - 2) }
        return axes
    }

    private func transposed(_ tensor: Tensor, _ index: Int) throws -> Tensor {
        guard let axes = permutation(index, rank: tensor.shape.rank) else { return tensor }
        let result = try Transpose.inner(["perm": .ints(axes.map { Int64($0) })]).evaluate(
            EvaluationContext(inputs: [.tensor(tensor)], outputCount: 1, pool: ThreadPool(threads: 1)))
        guard let tensor = result.first?.tensor else { throw QTuneError(.internalError, "a Transpose gives no tensor") }
        return tensor
    }
}
