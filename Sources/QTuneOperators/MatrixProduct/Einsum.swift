import QTuneGraph
import QTuneTensor

/// A sum of products as Einstein's convention writes it: axes of one label run together, and those that the result
/// does not name are summed over. Axes of length 1 broadcast.
struct Einsum: Operator {
    static let name = "Einsum"
    static let versions = [12, 28]
    private let equation: EinsumEquation

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...Int.max)
        equation = try EinsumEquation(try node.required("equation", node.string("equation")))
        guard equation.operands.count == node.node.inputs.count else {
            throw QTuneError(
                .invalidModel,
                "an equation of \(equation.operands.count) terms for \(node.node.inputs.count) operands")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = context.inputs.lazy.compactMap { $0?.dtype }.first
        let shapes = context.inputs.compactMap { $0?.dimensions }
        guard shapes.count == context.inputs.count else {
            return [.tensor(dtype, equation.result.tail == nil ? equation.result.head.map { _ in .unknown } : nil)]
        }
        let labels = try equation.labels(ranks: shapes.map(\.count))
        var lengths: [Int: Dimension] = [:]
        for (term, dimensions) in zip(labels.operands, shapes) {
            for (label, dimension) in zip(term, dimensions) {
                lengths[label] = try Broadcasting.broadcast([lengths[label] ?? .fixed(1)], [dimension])[0]
            }
        }
        return [.tensor(dtype, labels.result.map { lengths[$0] ?? .unknown })]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let tensors = try context.inputs.indices.map { try context.tensor($0) }
        let dtype = tensors[0].dtype
        guard tensors.allSatisfy({ $0.dtype == dtype }) else {
            throw QTuneError(.invalidInput, "operands are of different types, \(tensors.map(\.dtype.name))")
        }
        let labels = try equation.labels(ranks: tensors.map(\.shape.rank))
        let lengths = try Self.lengths(labels.operands, tensors.map(\.shape))
        let shape = try checkedShape(labels.result.map { lengths[$0] ?? 1 }, operand: "the result's shape")
        let factors = try zip(tensors, labels.operands).map { tensor, labels in
            try LabelledTensor(try Self.working(tensor), labels: labels)
        }
        let product = try Contraction(keeping: labels.result, pool: context.pool).contract(factors)
        let elements = try product.ordered(by: labels.result, pool: context.pool).tensor.reshaped(to: shape)
        if elements.dtype == dtype { return [.tensor(elements)] }
        let output = try context.makeOutput(0, dtype, shape)
        if dtype.isFloatingPoint {
            elements.narrow(into: output)
        } else {
            ElementConversion.narrow(elements, lane: .signed, into: output, saturating: false)
        }
        return [.tensor(output)]
    }

    /// The tensor in a type that products are summed in: float32 for narrower floats; 64 bits for integers, whose sums
    /// are right in every narrower type once they are cut to it.
    private static func working(_ tensor: Tensor) throws -> Tensor {
        switch tensor.dtype {
        case .float32, .float64: return tensor
        case .float16, .bfloat16: return tensor.widened()
        case let type where type.isInteger: return tensor.widened(to: .signed)
        default: throw QTuneError(.unsupported, "an Einsum of \(tensor.dtype)")
        }
    }

    /// The length of each label's axes; those of length 1 give way.
    private static func lengths(_ terms: [[Int]], _ shapes: [Shape]) throws -> [Int: Int] {
        var lengths: [Int: Int] = [:]
        for (term, shape) in zip(terms, shapes) {
            for (label, length) in zip(term, shape.dimensions) {
                let known = lengths[label] ?? 1
                guard known == 1 || length == 1 || known == length else {
                    throw QTuneError(.invalidInput, "axes of one label have the lengths \(known) and \(length)")
                }
                lengths[label] = known == 1 ? length : known
            }
        }
        return lengths
    }
}
