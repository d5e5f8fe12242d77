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
        let (left, right) = (a.strings, b.strings)
        try EvaluationContext.checkStrings(shape, bytes: try Self.bytes([left, right], copies: shape.elementCount))
        let places = zip(broadcastPlaces(of: a.shape, in: shape), broadcastPlaces(of: b.shape, in: shape))
        return [.tensor(Tensor(strings: places.map { left[$0] + right[$1] }, shape: shape))]
    }

    /// The bytes of results that each operand, repeated to `copies` strings, gives its part to.
    private static func bytes(_ operands: [[String]], copies: Int) throws -> Int {
        try operands.reduce(0) { sum, strings in
            let own = strings.reduce(0) { $0 + $1.utf8.count }
            let (bytes, isHuge) = own.multipliedReportingOverflow(by: strings.isEmpty ? 0 : copies / strings.count)
            let (total, overflow) = sum.addingReportingOverflow(bytes)
            guard !isHuge, !overflow else { throw QTuneError(.invalidInput, "the joined strings are too long") }
            return total
        }
    }
}
