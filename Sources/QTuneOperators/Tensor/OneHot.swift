import QTuneGraph
import QTuneTensor

/// A new axis along which one place, which the index names, holds the "on" value and the others the "off" value.
/// An index out of range turns nothing on.
struct OneHot: Operator {
    static let name = "OneHot"
    static let versions = [9, 11]
    private let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        axis = try node.int("axis") ?? -1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard var dimensions = context[0].dimensions else { return [.tensor(context[2].dtype, nil)] }
        let depth = context[1].lengths.flatMap { $0.count == 1 ? $0[0] : nil } ?? .unknown
        dimensions.insert(depth, at: try normalizedAxis(axis, rank: dimensions.count + 1))
        return [.tensor(context[2].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (indices, values) = (try context.tensor(0), try context.tensor(2))
        let depths = try depths(context)
        guard depths.count == 1, depths[0] >= 0, values.count == 2 else {
            throw QTuneError(.invalidInput, "one depth and two values are needed, not \(depths) and \(values.shape)")
        }
        let depth = depths[0]
        let axis = try normalizedAxis(self.axis, rank: indices.shape.rank + 1)
        var lengths = indices.shape.dimensions
        lengths.insert(depth, at: axis)
        let shape = try checkedShape(lengths, operand: "the result")
        _ = try Lane.of(indices)
        let places = indices.widened(to: .signed).array(of: Int64.self)
        let inner = lengths[(axis + 1)...].reduce(1, *)
        let carrier = try ElementCarrier([values])
        return [
            try carrier.makeOutput(context, shape) { output in
                let rows = OneHotRows(places: places, depth: depth, inner: inner)
                let values = carrier.tensors[0]
                switch values.dtype {
                case .uint8: rows.write(UInt8.self, values, into: output)
                case .uint16: rows.write(UInt16.self, values, into: output)
                case .uint32: rows.write(UInt32.self, values, into: output)
                case .uint64: rows.write(UInt64.self, values, into: output)
                default: rows.write(Int64.self, values, into: output)
                }
            }
        ]
    }

    private func depths(_ context: EvaluationContext) throws -> [Int] {
        let depth = try context.tensor(1)
        _ = try Lane.of(depth)
        return depth.widened(to: .signed).array(of: Int64.self).map { Int($0) }
    }
}

/// The places that are turned on: of each run of `inner` indices, one in each of as many columns of `depth` elements.
private struct OneHotRows {
    let places: [Int64]
    let depth: Int
    let inner: Int

    /// Writes the result from `values`, off and on.
    func write<Element: TensorElement>(_ type: Element.Type, _ values: Tensor, into output: Tensor) {
        let values = values.array(of: type)
        output.withMutableSpan(of: type) { target in
            for index in target.indices { target[index] = values[0] }
            for (position, place) in places.enumerated() where (-Int64(depth)..<Int64(depth)).contains(place) {
                let row = Int(place) + (place < 0 ? depth : 0)
                target[(position / inner * depth + row) * inner + position % inner] = values[1]
            }
        }
    }
}
