import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operands one after another along `axis`.
struct Concat: Operator {
    static let name = "Concat"
    static let versions = [4, 11, 13]
    let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...Int.max)
        axis = try node.required("axis", node.int("axis"))
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let operands = context.inputs.map { $0 ?? .unknown }
        let dtype = operands.lazy.compactMap(\.dtype).first
        guard let rank = operands.lazy.compactMap(\.rank).first else { return [.tensor(dtype, nil)] }
        let axis = try normalizedAxis(self.axis, rank: rank)
        var lengths = [Dimension](repeating: .unknown, count: rank)
        var sum = Dimension.fixed(0)
        for operand in operands {
            guard let dimensions = operand.dimensions else {
                sum = .unknown
                continue
            }
            guard dimensions.count == rank else {
                throw QTuneError(.invalidModel, "operands have \(rank) and \(dimensions.count) axes")
            }
            sum = sum == .unknown ? .unknown : DimensionArithmetic.add(sum, dimensions[axis])
            for other in 0..<rank where lengths[other].value == nil && dimensions[other] != .unknown {
                if lengths[other] == .unknown || dimensions[other].value != nil { lengths[other] = dimensions[other] }
            }
        }
        lengths[axis] = sum
        let result = InferredValue.tensor(dtype, lengths)
        guard rank == 1 else { return [result] }
        return [result.with(elements: joinedElements(operands))]
    }

    /// The elements of vectors one after another; a vector of known length whose elements are not known gives so many
    /// unknown ones.
    private func joinedElements(_ operands: [InferredValue]) -> [[Dimension]]? {
        var joined: [Dimension] = []
        for operand in operands {
            if let elements = operand.elements {
                joined += elements
            } else if let count = operand.dimensions?.first?.value, count <= InferredValue.mostElements {
                joined += [Dimension](repeating: .unknown, count: count)
            } else {
                return nil
            }
        }
        return [joined]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try context.inputs.indices.map { try context.tensor($0) }
        let first = operands[0].shape
        let axis = try normalizedAxis(self.axis, rank: first.rank)
        var sum = 0
        for operand in operands {
            let fits =
                operand.shape.rank == first.rank
                && (0..<first.rank).allSatisfy { $0 == axis || operand.shape[$0] == first[$0] }
            guard fits else {
                throw QTuneError(.invalidInput, "\(first) and \(operand.shape) do not join along axis \(axis)")
            }
            sum += operand.shape[axis]
        }
        var lengths = first.dimensions
        lengths[axis] = sum
        let shape = try checkedShape(lengths, operand: "the result")
        let carrier = try ElementCarrier(operands)
        return [
            try carrier.makeOutput(context, shape) { output in
                var offset = 0
                for part in carrier.tensors {
                    StridedCopy.copy(
                        part.shape.dimensions, from: part, StridedView(strides: part.shape.strides), to: output,
                        StridedView(offset: offset * shape.strides[axis], strides: shape.strides), pool: context.pool)
                    offset += part.shape[axis]
                }
            }
        ]
    }
}
