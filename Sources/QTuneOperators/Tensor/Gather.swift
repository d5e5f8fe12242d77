import QTuneGraph
import QTuneTensor

/// Slices of the first operand along `axis`, at the places that the second names.
struct Gather: Operator {
    static let name = "Gather"
    static let versions = [1, 11, 13]
    private let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axis = try node.int("axis") ?? 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (data, indices) = (context[0], context[1])
        guard let dimensions = data.dimensions, let places = indices.dimensions else {
            return [.tensor(data.dtype, nil)]
        }
        let axis = try normalizedAxis(self.axis, rank: dimensions.count)
        let lengths = Array(dimensions[..<axis]) + places + Array(dimensions[(axis + 1)...])
        return [InferredValue.tensor(data.dtype, lengths).with(elements: movedElements(context, moved: [0]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices) = (try context.tensor(0), try context.tensor(1))
        let axis = try normalizedAxis(self.axis, rank: data.shape.rank)
        let lengths = data.shape.dimensions
        guard let numbers = indices.integers else {
            throw QTuneError(.invalidInput, "operand 1 is \(indices.dtype), not integer")
        }
        let places = try numbers.map { try normalizedIndex($0, length: lengths[axis]) }
        let shape = try checkedShape(
            Array(lengths[..<axis]) + indices.shape.dimensions + Array(lengths[(axis + 1)...]), operand: "the result")
        let outer = lengths[..<axis].reduce(1, *)
        let run = lengths[(axis + 1)...].reduce(1, *)
        let carrier = try ElementCarrier([data])
        return [
            try carrier.makeOutput(context, shape) { output in
                for block in 0..<outer where run > 0 {
                    for (position, place) in places.enumerated() {
                        StridedCopy.copy(
                            [run], from: carrier.tensors[0],
                            StridedView(offset: (block * lengths[axis] + place) * run, strides: [1]), to: output,
                            StridedView(offset: (block * places.count + position) * run, strides: [1]))
                    }
                }
            }
        ]
    }
}

/// An index from outside, counted from the end where it is negative.
func normalizedIndex(_ index: Int, length: Int) throws -> Int {
    let normalized = index < 0 ? index + length : index
    guard (0..<length).contains(normalized) else {
        throw QTuneError(.invalidInput, "index \(index) is out of range for a length of \(length)")
    }
    return normalized
}
