import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operand with elements put round it: a constant, or copies of its own. Negative amounts take elements away.
/// Amounts are attributes before operator set 11, operands since.
struct Pad: Operator {
    static let name = "Pad"
    static let versions = [2, 11, 13, 18, 19, 21, 23, 24, 25]
    private let mode: Mode
    private let attributes: (pads: [Int], value: Float)?

    /// More than any tensor in memory could take.
    private static let largestAmount: UInt = 1 << 40

    private enum Mode: String {
        case constant, reflect, edge, wrap

        /// The place along an axis of `length` that position `position`, outside of it or not, copies.
        func source(of position: Int, length: Int) -> Int {
            func modulo(_ period: Int) -> Int { (position % period + period) % period }
            switch self {
            case .constant: return position
            case .edge: return min(max(position, 0), length - 1)
            case .wrap: return modulo(length)
            case .reflect:
                guard length > 1 else { return 0 }
                let folded = modulo(2 * (length - 1))
                return folded < length ? folded : 2 * (length - 1) - folded
            }
        }
    }

    init(_ node: NodeReader) throws {
        let text = try node.string("mode") ?? "constant"
        guard let mode = Mode(rawValue: text) else { throw QTuneError(.invalidModel, "attribute 'mode' is '\(text)'") }
        self.mode = mode
        if node.opset < 11 {
            try node.expect(inputs: 1...1)
            attributes = (try node.required("pads", node.ints("pads")), try node.float("value") ?? 0)
        } else {
            try node.expect(inputs: 2...4)
            attributes = nil
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        guard let dimensions = input.dimensions else { return [.tensor(input.dtype, nil)] }
        guard let pads = attributes?.pads ?? context[1].integers, !context.has(3) || context[3].integers != nil else {
            return [.tensor(input.dtype, [Dimension](repeating: .unknown, count: dimensions.count))]
        }
        let amounts = try amounts(pads, axes: context[3].integers, rank: dimensions.count)
        let lengths = zip(dimensions, amounts).map { length, amount -> Dimension in
            let sum = DimensionArithmetic.add(.fixed(amount.before), .fixed(amount.after))
            return DimensionArithmetic.add(length, sum)
        }
        return [.tensor(input.dtype, lengths.map { ($0.value ?? 0) < 0 ? .unknown : $0 })]
    }

    /// What is put before and after each axis.
    private func amounts(_ pads: [Int], axes: [Int]?, rank: Int) throws -> [(before: Int, after: Int)] {
        let axes = try normalizedAxes(axes ?? Array(0..<rank), rank: rank)
        guard pads.count == 2 * axes.count else {
            throw QTuneError(.invalidInput, "\(pads.count) amounts do not fit \(axes.count) axes")
        }
        var amounts = [(before: Int, after: Int)](repeating: (0, 0), count: rank)
        for (index, axis) in axes.enumerated() {
            amounts[axis] = (pads[index], pads[axes.count + index])
        }
        return amounts
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let pads = try attributes?.pads ?? context.integers(1) else {
            throw QTuneError(.invalidModel, "operand 1 is missing")
        }
        let amounts = try amounts(pads, axes: context.integers(3), rank: input.shape.rank)
        let shape = try checkedShape(
            zip(input.shape.dimensions, amounts).map { length, amount in
                max(amount.before.magnitude, amount.after.magnitude) > Self.largestAmount
                    ? -1 : length + amount.before + amount.after
            }, operand: "the padded shape")
        if mode == .constant { return [try constantPadded(context, input, amounts, shape)] }
        return [try copyPadded(context, input, amounts, shape)]
    }

    private func constantPadded(
        _ context: EvaluationContext, _ input: Tensor, _ amounts: [(before: Int, after: Int)], _ shape: Shape
    ) throws -> Value {
        let carrier = try ElementCarrier([input, try fillValue(context, input.dtype)])
        var (from, to) = (StridedView(strides: input.shape.strides), StridedView(strides: shape.strides))
        let box = shape.dimensions.indices.map { axis in
            let before = amounts[axis].before
            from.offset += max(0, -before) * from.strides[axis]
            to.offset += max(0, before) * to.strides[axis]
            let first = max(0, before)
            return max(0, min(shape[axis], before + input.shape[axis]) - first)
        }
        return try carrier.makeOutput(context, shape) { output in
            let still = [Int](repeating: 0, count: shape.rank)
            StridedCopy.fill(output, from: carrier.tensors[1], StridedView(strides: still), pool: context.pool)
            if !box.contains(0) {
                StridedCopy.copy(box, from: carrier.tensors[0], from, to: output, to, pool: context.pool)
            }
        }
    }

    /// One element to put round the operand.
    private func fillValue(_ context: EvaluationContext, _ dtype: DType) throws -> Tensor {
        if attributes == nil, let value = try context.optionalTensor(2) {
            guard value.count == 1, value.dtype == dtype else {
                throw QTuneError(.invalidInput, "operand 2 must be one \(dtype), not \(value.dtype) of \(value.shape)")
            }
            return value
        }
        let zero = Tensor(zeros: dtype, shape: [1])
        if let attributes, attributes.value != 0, Lane(dtype) != nil {
            zero.fill(from: .real) { $0.withMutableSpan(of: Double.self) { $0[0] = Double(attributes.value) } }
        }
        return zero
    }

    /// Pads one axis after another with copies.
    private func copyPadded(
        _ context: EvaluationContext, _ input: Tensor, _ amounts: [(before: Int, after: Int)], _ shape: Shape
    ) throws -> Value {
        let carrier = try ElementCarrier([input])
        return try carrier.makeOutput(context, shape) { output in
            var current = carrier.tensors[0]
            for axis in 0..<shape.rank where shape[axis] != current.shape[axis] || amounts[axis].before != 0 {
                let length = current.shape[axis]
                guard length > 0 || shape[axis] == 0 else {
                    throw QTuneError(.invalidInput, "axis \(axis) is empty and has nothing to copy")
                }
                var lengths = current.shape.dimensions
                lengths[axis] = shape[axis]
                let next = try EvaluationContext.fresh(
                    current.dtype, checkedShape(lengths, operand: "the padded shape"))
                let places = (0..<shape[axis]).map { mode.source(of: $0 - amounts[axis].before, length: length) }
                FlatGather.gather(current, axis: axis, places: places, into: next)
                current = next
            }
            StridedCopy.fill(output, from: current, StridedView(strides: current.shape.strides))
        }
    }
}
