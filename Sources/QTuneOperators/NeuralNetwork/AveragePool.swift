import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The mean of the elements under each place of a window.
struct AveragePool: Operator {
    static let name = "AveragePool"
    static let versions = [7, 10, 11, 19, 22]

    private let attributes: WindowAttributes
    /// Whether padding counts as zeros, else it is left out of the mean.
    private let countsPadding: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        attributes = try WindowAttributes(node, mayRoundUp: true)
        _ = try node.required("kernel_shape", attributes.kernel)
        countsPadding = try node.int("count_include_pad") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [try PoolShape.inferOutput(context[0], attributes)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0).widened()
        let dtype = try context.tensor(0).dtype
        let shape = try PoolShape(input.shape, attributes)
        return [
            try context.makeFloatOutput(0, dtype, shape.output) { output in
                if dtype == .float64 {
                    pool(Double.self, input, shape, into: output)
                } else if !shape.reduce(.sum, input, counts: counts(shape), into: output, pool: context.pool) {
                    pool(Float.self, input, shape, into: output)
                }
            }
        ]
    }

    /// The elements, with padding or without, under each position along each axis.
    private func counts(_ shape: PoolShape) -> [[Int]] {
        shape.window.axes.map { axis in
            (0..<axis.output).map { countsPadding ? axis.paddedTapCount(at: $0) : axis.taps(at: $0).count }
        }
    }

    private func pool<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ shape: PoolShape, into output: Tensor
    ) {
        shape.pool(input, into: output) { (elements: Span<Element>, start, position) in
            var sum: Element = 0
            var count = 0
            shape.window.forEachElement(at: position) {
                sum += elements[start + $0]
                count += 1
            }
            if countsPadding { count = shape.window.paddedTapCount(at: position) }
            return count == 0 ? 0 : sum / Element(count)
        }
    }
}
