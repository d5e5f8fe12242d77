import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The operand with elements put round it: a constant, or copies of its own. Negative amounts take elements away, before
/// others are copied. Amounts are attributes before operator set 11, operands since.
struct Pad: Operator {
    static let name = "Pad"
    static let versions = [2, 11, 13, 18, 19, 21, 23, 24, 25]
    private let mode: Mode
    private let attributes: (pads: [Int], value: Float)?

    /// More than any tensor in memory could take.
    private static let largestAmount: UInt = 1 << 40

    private enum Mode: String {
        case constant, reflect, edge, wrap

        /// Neighbouring positions outside of an axis that copy places one after the other, in either direction, or all
        /// the same.
        struct Run {
            let start: Int
            var count: Int
            let source: Int
            /// From one place to the next: 1, -1 or 0.
            let step: Int
        }

        /// What the positions before and after an axis of `length` copy.
        func runs(length: Int, before: Int, after: Int) -> [Run] {
            [-before..<0, length..<length + after].flatMap { positions -> [Run] in
                var runs: [Run] = []
                var start = positions.lowerBound
                while start < positions.upperBound {
                    let source = source(of: start, length: length)
                    let next = start + 1 < positions.upperBound ? self.source(of: start + 1, length: length) : source
                    var run = Run(start: start, count: 1, source: source, step: (next - source).signum())
                    while start + run.count < positions.upperBound,
                        self.source(of: start + run.count, length: length) == source + run.count * run.step
                    {
                        run.count += 1
                    }
                    start += run.count
                    runs.append(run)
                }
                return runs
            }
        }

        /// The place along an axis of `length` that position `position`, outside of it or not, copies.
        private func source(of position: Int, length: Int) -> Int {
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
        let middle = Middle(input.shape, amounts, shape)
        return [
            try mode == .constant
                ? constantPadded(context, input, middle, shape) : copyPadded(context, input, middle, shape)
        ]
    }

    /// What stays of the operand, and where it lies in it and in the result.
    private struct Middle {
        let lengths: [Int]
        /// Elements of the result before and after it along each axis.
        let outside: [(before: Int, after: Int)]
        private(set) var from: StridedView
        private(set) var to: StridedView

        init(_ input: Shape, _ amounts: [(before: Int, after: Int)], _ shape: Shape) {
            (from, to) = (StridedView(strides: input.strides), StridedView(strides: shape.strides))
            outside = amounts.map { (max(0, $0.before), max(0, $0.after)) }
            lengths = zip(input.dimensions, amounts).map { max(0, $0 + min(0, $1.before) + min(0, $1.after)) }
            for axis in amounts.indices {
                from.offset += min(max(0, -amounts[axis].before), input[axis]) * from.strides[axis]
                to.offset += min(outside[axis].before, shape[axis]) * to.strides[axis]
            }
        }
    }

    private func constantPadded(
        _ context: EvaluationContext, _ input: Tensor, _ middle: Middle, _ shape: Shape
    ) throws -> Value {
        let carrier = try ElementCarrier([input, try fillValue(context, input.dtype)])
        return try carrier.makeOutput(context, shape) { output in
            let still = [Int](repeating: 0, count: shape.rank)
            StridedCopy.fill(output, from: carrier.tensors[1], StridedView(strides: still), pool: context.pool)
            StridedCopy.copy(
                middle.lengths, from: carrier.tensors[0], middle.from, to: output, middle.to, pool: context.pool)
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

    /// Copies the middle, then, one axis after another from the last on, what lies outside from what is there.
    private func copyPadded(
        _ context: EvaluationContext, _ input: Tensor, _ middle: Middle, _ shape: Shape
    ) throws -> Value {
        for axis in 0..<shape.rank where middle.lengths[axis] == 0 && shape[axis] > 0 {
            throw QTuneError(.invalidInput, "axis \(axis) is empty and has nothing to copy")
        }
        let carrier = try ElementCarrier([input])
        return try carrier.makeOutput(context, shape) { output in
            guard output.count > 0 else { return }
            StridedCopy.copy(
                middle.lengths, from: carrier.tensors[0], middle.from, to: output, middle.to, pool: context.pool)
            var (lengths, there) = (middle.lengths, middle.to)
            for axis in (0..<shape.rank).reversed() {
                let (outside, stride) = (middle.outside[axis], there.strides[axis])
                for run in mode.runs(length: lengths[axis], before: outside.before, after: outside.after) {
                    var (box, from, to) = (lengths, there, there)
                    box[axis] = run.count
                    from.offset += run.source * stride
                    from.strides[axis] = run.step * stride
                    to.offset += run.start * stride
                    StridedCopy.copy(box, from: output, from, to: output, to, pool: context.pool)
                }
                there.offset -= outside.before * stride
                lengths[axis] = shape[axis]
            }
        }
    }
}
