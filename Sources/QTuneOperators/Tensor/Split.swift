import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operand cut into parts along `axis`: of given lengths (an attribute before operator set 13, an operand since),
/// or as equal as they can be, the last one shorter.
struct Split: Operator {
    static let name = "Split"
    static let versions = [2, 11, 13, 18]
    private let axis: Int
    private let lengths: [Int]?
    private let parts: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2, outputs: 1...Int.max)
        axis = try node.int("axis") ?? 0
        lengths = node.opset < 13 ? try node.ints("split") : nil
        parts = try node.int("num_outputs") ?? node.node.outputs.count
        guard parts == node.node.outputs.count else {
            throw QTuneError(.invalidModel, "attribute 'num_outputs' is \(parts) on \(node.node.outputs.count) results")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        let outputs = context.outputCount
        guard var dimensions = input.dimensions else {
            return [InferredValue](repeating: .tensor(input.dtype, nil), count: outputs)
        }
        let axis = try normalizedAxis(self.axis, rank: dimensions.count)
        let given = lengths ?? (context.has(1) ? context[1].integers : nil)
        let isOpen = given == nil && context.has(1)
        let cut = isOpen ? nil : try dimensions[axis].value.map { try cuts($0, given) }
        let elements = dimensions.count == 1 ? movedElements(context, moved: [0]) : nil
        return (0..<outputs).map { index in
            dimensions[axis] = cut.map { .fixed($0[index]) } ?? .unknown
            return InferredValue.tensor(input.dtype, dimensions).with(elements: elements, index)
        }
    }

    /// The lengths of the parts of an axis of `length`.
    private func cuts(_ length: Int, _ given: [Int]?) throws -> [Int] {
        if let given {
            guard given.count == parts, given.allSatisfy({ $0 >= 0 && $0 <= length }), given.reduce(0, +) == length
            else {
                throw QTuneError(.invalidInput, "parts of \(given) do not make up \(length), cut in \(parts)")
            }
            return given
        }
        let part = (length + parts - 1) / parts
        return (0..<parts).map { max(0, min(part, length - $0 * part)) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let axis = try normalizedAxis(self.axis, rank: input.shape.rank)
        let cuts = try cuts(input.shape[axis], lengths ?? context.integers(1))
        let carrier = try ElementCarrier([input])
        let strides = input.shape.strides
        var offset = 0
        return try cuts.enumerated().map { index, length in
            var lengths = input.shape.dimensions
            lengths[axis] = length
            let view = StridedView(offset: offset * strides[axis], strides: strides)
            offset += length
            return try carrier.makeOutput(context, Shape(lengths), index: index) { output in
                StridedCopy.fill(output, from: carrier.tensors[0], view, pool: context.pool)
            }
        }
    }
}
