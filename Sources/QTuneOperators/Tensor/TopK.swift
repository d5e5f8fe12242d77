import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The `k` largest or smallest elements along an axis, and their places. Of equal elements the first ones are taken.
struct TopK: Operator {
    static let name = "TopK"
    static let versions = [1, 10, 11, 24]
    private let axis: Int
    private let takesLargest: Bool
    private let attribute: Int?

    init(_ node: NodeReader) throws {
        let isAttribute = node.opset < 10
        try node.expect(inputs: isAttribute ? 1...1 : 2...2, outputs: 1...2)
        axis = try node.int("axis") ?? -1
        takesLargest = try node.int("largest") ?? 1 != 0
        attribute = isAttribute ? try node.required("k", node.int("k")) : nil
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard var dimensions = context[0].dimensions else {
            return [.tensor(context[0].dtype, nil), .tensor(.int64, nil)]
        }
        let count = attribute.map(Dimension.fixed) ?? context[1].lengths.flatMap { $0.count == 1 ? $0[0] : nil }
        dimensions[try normalizedAxis(axis, rank: dimensions.count)] = count ?? .unknown
        return [.tensor(context[0].dtype, dimensions), .tensor(.int64, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let axis = try normalizedAxis(self.axis, rank: input.shape.rank)
        let length = input.shape[axis]
        guard let count = try attribute ?? context.integers(1)?.first, (0...length).contains(count) else {
            throw QTuneError(.invalidInput, "the number of elements to take is not between 0 and \(length)")
        }
        if input.dtype == .float32, length <= Int(UInt32.max), input.count > 0, count > 0 {
            return try selected(context, input, axis, count)
        }
        let lane = try Lane.of(input)
        let rows = input.widened(to: lane).movingLast([axis])
        let places =
            switch lane {
            case .real: best(of: Double.self, rows, length, count) { $0 > $1 || $0.isNaN && !$1.isNaN }
            case .signed: best(of: Int64.self, rows, length, count) { $0 > $1 }
            case .unsigned: best(of: UInt64.self, rows, length, count) { $0 > $1 }
            }
        return try results(context, input, axis, count, places)
    }

    /// The results by the kernel for float32, which takes rows.
    private func selected(_ context: EvaluationContext, _ input: Tensor, _ axis: Int, _ count: Int) throws -> [Value] {
        var lengths = input.shape.dimensions
        lengths[axis] = count
        let shape = Shape(lengths)
        let results = [
            try context.makeOutput(0, .float32, shape), try context.makeOutput(1, .int64, shape),
        ]
        let isLast = lengths[(axis + 1)...].allSatisfy { $0 == 1 }
        let outer = Array(lengths[..<axis] + lengths[(axis + 1)...])
        let rows = isLast ? input.reshaped(to: Shape(outer + [input.shape[axis]])) : input.movingLast([axis])
        let first = results.map { result in
            isLast
                ? result.reshaped(to: Shape(outer + [count]))
                : Tensor(uninitialized: result.dtype, shape: Shape(outer + [count]))
        }
        Selection.first(rows, largest: takesLargest, values: first[0], places: first[1], pool: context.pool)
        if !isLast {
            let back = Array(0..<axis) + [outer.count] + Array(axis..<outer.count)
            for (rows, result) in zip(first, results) {
                Layout.transpose(rows, permutation: back, into: result, pool: context.pool)
            }
        }
        return results.map { .tensor($0) }
    }

    /// The places of the elements to take, row after row.
    private func best<Element: TensorElement>(
        of type: Element.Type, _ rows: Tensor, _ length: Int, _ count: Int, isLarger: (Element, Element) -> Bool
    ) -> [Int] {
        let elements = rows.array(of: type)
        func isBefore(_ a: Int, _ b: Int) -> Bool {
            let (x, y) = (elements[a], elements[b])
            let isFirst = takesLargest ? isLarger(x, y) : isLarger(y, x)
            return isFirst || a < b && !(takesLargest ? isLarger(y, x) : isLarger(x, y))
        }
        return (0..<(length == 0 ? 0 : elements.count / length)).flatMap { row in
            (row * length..<(row + 1) * length).sorted(by: isBefore).prefix(count).map { $0 - row * length }
        }
    }

    private func results(
        _ context: EvaluationContext, _ input: Tensor, _ axis: Int, _ count: Int, _ places: [Int]
    ) throws -> [Value] {
        var lengths = input.shape.dimensions
        lengths[axis] = count
        let shape = Shape(lengths)
        let inner = lengths[(axis + 1)...].reduce(1, *)
        let ordered = (0..<shape.elementCount).map { position in
            places[
                (position / inner / max(count, 1) * inner + position % inner) * count + position / inner % max(count, 1)
            ]
        }
        let indices = Tensor(ordered.map { Int64($0) }, shape: shape)
        let offsets = try AxisIndices(indices, in: input.shape, axis: axis).offsets()
        let carrier = try ElementCarrier([input])
        let values = try carrier.makeOutput(context, shape) { output in
            FlatGather.gather(carrier.tensors[0], offsets: offsets, run: 1, into: output)
        }
        return [values, .tensor(indices)]
    }
}
