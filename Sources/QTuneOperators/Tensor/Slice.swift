import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A part of the operand: along some axes from a start to an end in steps, which may be negative. Attributes before
/// operator set 10, operands since.
struct Slice: Operator {
    static let name = "Slice"
    static let versions = [1, 10, 11, 13]
    private let attributes: Bounds?

    private struct Bounds {
        var starts: [Int]
        var ends: [Int]
        var axes: [Int]?
        var steps: [Int]?
    }

    /// One axis cut out: where it starts, in what steps, and how long it is.
    private struct Cut {
        var start: Int
        var step: Int
        var length: Int
    }

    init(_ node: NodeReader) throws {
        if node.opset < 10 {
            try node.expect(inputs: 1...1)
            attributes = Bounds(
                starts: try node.required("starts", node.ints("starts")),
                ends: try node.required("ends", node.ints("ends")), axes: try node.ints("axes"))
        } else {
            try node.expect(inputs: 3...5)
            attributes = nil
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        guard let dimensions = input.dimensions else { return [.tensor(input.dtype, nil)] }
        guard let bounds = knownBounds(context) else {
            return [.tensor(input.dtype, partlyKnown(context, dimensions))]
        }
        var lengths = dimensions
        for (index, axis) in try axes(bounds, rank: dimensions.count).enumerated() {
            let (start, end, step) = (bounds.starts[index], bounds.ends[index], bounds.steps?[index] ?? 1)
            lengths[axis] =
                try dimensions[axis].value.map { .fixed(try cut($0, start, end, step).length) }
                ?? Self.length(of: dimensions[axis], from: .fixed(start), to: .fixed(end), step: step)
        }
        return [InferredValue.tensor(input.dtype, lengths).with(elements: movedElements(context, moved: [0]))]
    }

    /// The length of a part of an axis, where not all of it is a number.
    private static func length(
        of axis: Dimension, from start: Dimension, to end: Dimension, step: Int
    ) -> Dimension {
        guard step == 1, let start = start.value, start >= 0 else { return .unknown }
        let isOpen = end.value.map { $0 >= Int(Int32.max) } ?? false
        if start == 0 {
            if isOpen { return axis }
            return DimensionArithmetic.isNonnegative(end) ? DimensionArithmetic.minimum(axis, end) : .unknown
        }
        let rest = DimensionArithmetic.subtract(axis, .fixed(start))
        return isOpen && DimensionArithmetic.isNonnegative(rest) ? rest : .unknown
    }

    private func knownBounds(_ context: InferenceContext) -> Bounds? {
        if let attributes { return attributes }
        guard let starts = context[1].integers, let ends = context[2].integers else { return nil }
        let (axes, steps) = (context[3].integers, context[4].integers)
        guard axes != nil || !context.has(3), steps != nil || !context.has(4) else { return nil }
        return Bounds(starts: starts, ends: ends, axes: axes, steps: steps)
    }

    /// The axes when bounds are not all numbers: those that are not named stay as they are.
    private func partlyKnown(_ context: InferenceContext, _ dimensions: [Dimension]) -> [Dimension] {
        let unknown = [Dimension](repeating: .unknown, count: dimensions.count)
        let count = context[1].elements?.count ?? 0
        guard let named = context.has(3) ? context[3].integers : Array(0..<count),
            let axes = try? normalizedAxes(named, rank: dimensions.count)
        else { return unknown }
        let steps = context.has(4) ? context[4].integers : axes.map { _ in 1 }
        guard let starts = context[1].elements, let ends = context[2].elements, let steps,
            axes.count == starts.count, axes.count == ends.count, axes.count == steps.count
        else {
            return context.has(3) ? dimensions.indices.map { axes.contains($0) ? .unknown : dimensions[$0] } : unknown
        }
        var lengths = dimensions
        for (index, axis) in axes.enumerated() {
            lengths[axis] = Self.length(of: dimensions[axis], from: starts[index], to: ends[index], step: steps[index])
        }
        return lengths
    }

    private func axes(_ bounds: Bounds, rank: Int) throws -> [Int] {
        let named = bounds.axes ?? Array(bounds.starts.indices)
        guard bounds.starts.count == bounds.ends.count, named.count == bounds.starts.count,
            bounds.steps.map({ $0.count == named.count }) ?? true
        else { throw QTuneError(.invalidInput, "starts, ends, axes and steps differ in length") }
        return try normalizedAxes(named, rank: rank)
    }

    private func cut(_ length: Int, _ start: Int, _ end: Int, _ step: Int) throws -> Cut {
        guard step != 0, step != Int.min else { throw QTuneError(.invalidInput, "a step of \(step)") }
        func clamped(_ position: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(position < 0 ? position + length : position, range.lowerBound), range.upperBound)
        }
        if step > 0 {
            let (first, last) = (clamped(start, 0...length), clamped(end, 0...length))
            let count = max(0, last - first)
            return Cut(start: first, step: step, length: count == 0 ? 0 : (count - 1) / step + 1)
        }
        guard length > 0 else { return Cut(start: 0, step: step, length: 0) }
        let (first, last) = (clamped(start, 0...(length - 1)), clamped(end, -1...(length - 1)))
        let count = max(0, first - last)
        return Cut(start: first, step: step, length: count == 0 ? 0 : (count - 1) / -step + 1)
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let bounds = try attributes ?? bounds(context)
        var view = StridedView(strides: input.shape.strides)
        var lengths = input.shape.dimensions
        for (index, axis) in try axes(bounds, rank: lengths.count).enumerated() {
            let cut = try cut(lengths[axis], bounds.starts[index], bounds.ends[index], bounds.steps?[index] ?? 1)
            if cut.length > 0 { view.offset += cut.start * view.strides[axis] }
            // A single element needs no step, and a huge one might overflow.
            if cut.length > 1 { view.strides[axis] *= cut.step }
            lengths[axis] = cut.length
        }
        let carrier = try ElementCarrier([input])
        return [
            try carrier.makeOutput(context, Shape(lengths)) { output in
                StridedCopy.fill(output, from: carrier.tensors[0], view, pool: context.pool)
            }
        ]
    }

    private func bounds(_ context: EvaluationContext) throws -> Bounds {
        guard let starts = try context.integers(1), let ends = try context.integers(2) else {
            throw QTuneError(.invalidModel, "operand 1 or 2 is missing")
        }
        return Bounds(starts: starts, ends: ends, axes: try context.integers(3), steps: try context.integers(4))
    }
}
