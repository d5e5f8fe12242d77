import QTuneGraph
import QTuneTensor

/// Each string of one operand with that of the other behind it, with broadcasting.
struct StringConcat: Operator {
    static let name = "StringConcat"
    static let versions = [20]

    init(_ node: NodeReader) throws { try node.expect(inputs: 2...2) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.string, try Broadcasting.dimensions(of: [context[0], context[1]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.stringTensor(0), try context.stringTensor(1))
        let shape = try Broadcasting.shape(of: [a.shape, b.shape])
        try EvaluationContext.checkStrings(shape)
        let (left, right) = (a.strings, b.strings)
        let places = zip(broadcastPlaces(of: a.shape, in: shape), broadcastPlaces(of: b.shape, in: shape))
        return [.tensor(Tensor(strings: places.map { left[$0] + right[$1] }, shape: shape))]
    }
}
