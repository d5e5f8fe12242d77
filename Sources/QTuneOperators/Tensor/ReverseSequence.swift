import QTuneKernels
import QTuneTensor

/// The start of each sequence of a batch backward, so far as its length says; what follows stays.
struct ReverseSequence: Operator {
    static let name = "ReverseSequence"
    static let versions = [10]
    private let batchAxis: Int
    private let timeAxis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        batchAxis = try node.int("batch_axis") ?? 1
        timeAxis = try node.int("time_axis") ?? 0
        guard Set([batchAxis, timeAxis]) == [0, 1] else {
            throw QTuneError(.invalidModel, "the batch and time axes must be 0 and 1")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank >= 2, let lengths = try context.integers(1), lengths.count == input.shape[batchAxis],
            lengths.allSatisfy({ (0...input.shape[timeAxis]).contains($0) })
        else { throw QTuneError(.invalidInput, "the sequence lengths do not fit \(input.shape)") }
        let strides = input.shape.strides
        let carrier = try ElementCarrier([input])
        return [
            try carrier.makeOutput(context, input.shape) { output in
                for (batch, length) in lengths.enumerated() {
                    var box = input.shape.dimensions
                    box[batchAxis] = 1
                    let start = batch * strides[batchAxis]
                    let whole = StridedView(offset: start, strides: strides)
                    StridedCopy.copy(box, from: carrier.tensors[0], whole, to: output, whole)
                    guard length > 0 else { continue }
                    box[timeAxis] = length
                    var backward = StridedView(offset: start + (length - 1) * strides[timeAxis], strides: strides)
                    backward.strides[timeAxis] = -strides[timeAxis]
                    StridedCopy.copy(box, from: carrier.tensors[0], backward, to: output, whole)
                }
            }
        ]
    }
}
