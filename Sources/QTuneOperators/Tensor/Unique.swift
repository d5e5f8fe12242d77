import QTuneGraph
import QTuneTensor

/// The different elements, or slices along an axis, with where each first stands, which one each original is, and how
/// often each comes.
struct Unique: Operator {
    static let name = "Unique"
    static let versions = [11]
    private let axis: Int?
    private let isSorted: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...4)
        axis = try node.int("axis")
        isSorted = try node.int("sorted") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        var dimensions = axis == nil ? [.unknown] : context[0].dimensions
        if let axis, let rank = dimensions?.count { dimensions?[try normalizedAxis(axis, rank: rank)] = .unknown }
        let places = InferredValue.tensor(.int64, [.unknown])
        return [.tensor(context[0].dtype, dimensions), places, places, places]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let given = try context.tensor(0)
        let input = axis == nil ? given.reshaped(to: [given.count]) : given
        let axis = try normalizedAxis(self.axis ?? 0, rank: input.shape.rank)
        // Slices may be empty, and any number of them then.
        try MemoryLimit.check(.complex128, [input.shape[axis]])
        let slices = try numbered(input).movingFirst(axis)
        let groups = grouped(slices, count: input.shape[axis])
        var lengths = input.shape.dimensions
        lengths[axis] = groups.first.count
        let carrier = try ElementCarrier([input])
        let unique = try carrier.makeOutput(context, Shape(lengths)) { output in
            FlatGather.gather(carrier.tensors[0], axis: axis, places: groups.first, into: output)
        }
        let places = [groups.first, groups.inverse, groups.counts].map { list in
            Value.tensor(Tensor(list.map { Int64($0) }))
        }
        return [unique] + places
    }

    /// The elements as real numbers in the same order; strings by their rank among all.
    private func numbered(_ input: Tensor) throws -> Tensor {
        if input.dtype == .string {
            let ranks = Dictionary(
                Set(input.strings).sorted().enumerated().map { ($1, Int64($0)) },
                uniquingKeysWith: { first, _ in first })
            return Tensor(input.strings.map { ranks[$0] ?? 0 }, shape: input.shape)
        }
        return input.widened(to: try Lane.of(input))
    }

    private func grouped(_ slices: Tensor, count: Int) -> (first: [Int], inverse: [Int], counts: [Int]) {
        switch slices.dtype {
        case .float64: groups(slices.array(of: Double.self), count) { $0 < $1 }
        case .uint64: groups(slices.array(of: UInt64.self), count) { $0 < $1 }
        default: groups(slices.array(of: Int64.self), count) { $0 < $1 }
        }
    }

    private func groups<Element: Equatable>(
        _ elements: [Element], _ count: Int, _ isLess: (Element, Element) -> Bool
    ) -> (first: [Int], inverse: [Int], counts: [Int]) {
        let width = count == 0 ? 0 : elements.count / count
        func slice(_ index: Int) -> ArraySlice<Element> { elements[index * width..<(index + 1) * width] }
        let order = (0..<count).sorted { a, b in
            let (x, y) = (slice(a), slice(b))
            if x.lexicographicallyPrecedes(y, by: isLess) { return true }
            return !y.lexicographicallyPrecedes(x, by: isLess) && a < b
        }
        var first: [Int] = []
        var inverse = [Int](repeating: 0, count: count)
        var counts: [Int] = []
        for (position, index) in order.enumerated() {
            if position == 0 || slice(order[position - 1]) != slice(index) {
                first.append(index)
                counts.append(0)
            }
            inverse[index] = first.count - 1
            counts[first.count - 1] += 1
        }
        guard !isSorted else { return (first, inverse, counts) }
        let appearance = first.indices.sorted { first[$0] < first[$1] }
        var rank = [Int](repeating: 0, count: first.count)
        for (position, group) in appearance.enumerated() { rank[group] = position }
        return (appearance.map { first[$0] }, inverse.map { rank[$0] }, appearance.map { counts[$0] })
    }
}

extension Tensor {
    /// The elements with `axis` in front of the others.
    fileprivate func movingFirst(_ axis: Int) -> Tensor {
        movingLast((0..<shape.rank).filter { $0 != axis })
    }
}
