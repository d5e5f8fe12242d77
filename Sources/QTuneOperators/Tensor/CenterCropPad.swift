import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operand cut or padded with zeros to given lengths, the same on both sides of each axis.
struct CenterCropPad: Operator {
    static let name = "CenterCropPad"
    static let versions = [18]
    private let axes: [Int]?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axes = try node.ints("axes")
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard var dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let axes = try normalizedAxes(self.axes ?? Array(dimensions.indices), rank: dimensions.count)
        let lengths = context[1].lengths ?? [Dimension](repeating: .unknown, count: axes.count)
        guard lengths.count == axes.count else {
            throw QTuneError(.invalidModel, "\(lengths.count) lengths do not fit \(axes.count) axes")
        }
        for (axis, length) in zip(axes, lengths) { dimensions[axis] = length }
        return [.tensor(context[0].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let axes = try normalizedAxes(self.axes ?? Array(0..<input.shape.rank), rank: input.shape.rank)
        guard let lengths = try context.integers(1), lengths.count == axes.count else {
            throw QTuneError(.invalidInput, "operand 1 must hold \(axes.count) lengths")
        }
        var target = input.shape.dimensions
        for (axis, length) in zip(axes, lengths) { target[axis] = length }
        let shape = try checkedShape(target, operand: "operand 1")
        var (from, to) = (StridedView(strides: input.shape.strides), StridedView(strides: shape.strides))
        let box = (0..<shape.rank).map { axis in
            let (old, new) = (input.shape[axis], shape[axis])
            if old > new { from.offset += (old - new) / 2 * from.strides[axis] }
            if new > old { to.offset += (new - old) / 2 * to.strides[axis] }
            return min(old, new)
        }
        let carrier = try ElementCarrier([input, Tensor(zeros: input.dtype, shape: [1])])
        return [
            try carrier.makeOutput(context, shape) { output in
                let still = [Int](repeating: 0, count: shape.rank)
                StridedCopy.fill(output, from: carrier.tensors[1], StridedView(strides: still))
                if !box.contains(0) { StridedCopy.copy(box, from: carrier.tensors[0], from, to: output, to) }
            }
        ]
    }
}
