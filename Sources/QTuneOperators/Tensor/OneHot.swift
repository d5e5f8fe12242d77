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
                let pattern = (0..<shape.elementCount).lazy.map { position -> Int in
                    let place = Int(places[position / inner / depth * inner + position % inner])
                    let wanted = place < 0 ? place &+ depth : place
                    return position / inner % depth == wanted ? 1 : 0
                }
                FlatGather.gather(carrier.tensors[0], offsets: pattern, run: 1, into: output)
            }
        ]
    }

    private func depths(_ context: EvaluationContext) throws -> [Int] {
        let depth = try context.tensor(1)
        _ = try Lane.of(depth)
        return depth.widened(to: .signed).array(of: Int64.self).map { Int($0) }
    }
}
