import QTuneKernels
import QTuneTensor

/// A cache with new entries written along an axis, in each batch from an index of its own; in circular mode what runs
/// over the end goes on at the start.
struct TensorScatter: Operator {
    static let name = "TensorScatter"
    static let versions = [24]
    private let axis: Int
    private let isCircular: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        axis = try node.int("axis") ?? -2
        switch try node.string("mode") ?? "linear" {
        case "linear": isCircular = false
        case "circular": isCircular = true
        case let other: throw QTuneError(.invalidModel, "attribute 'mode' is '\(other)', not linear or circular")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (cache, update) = (try context.tensor(0), try context.tensor(1))
        let axis = try normalizedAxis(self.axis, rank: cache.shape.rank)
        let fits =
            axis > 0 && update.shape.rank == cache.shape.rank
            && (0..<cache.shape.rank).allSatisfy {
                $0 == axis ? update.shape[$0] <= cache.shape[$0] : update.shape[$0] == cache.shape[$0]
            }
        guard fits else {
            throw QTuneError(.invalidInput, "\(update.shape) does not go into \(cache.shape) along axis \(axis)")
        }
        let starts = try context.integers(2) ?? [Int](repeating: 0, count: cache.shape[0])
        guard starts.count == cache.shape[0], starts.allSatisfy({ (0..<max(cache.shape[axis], 1)).contains($0) }) else {
            throw QTuneError(.invalidInput, "operand 2 must hold a place for each of \(cache.shape[0]) batches")
        }
        let carrier = try ElementCarrier([cache, update])
        return [
            try carrier.makeOutput(context, cache.shape) { output in
                let strides = cache.shape.strides
                StridedCopy.fill(output, from: carrier.tensors[0], StridedView(strides: strides))
                var box = update.shape.dimensions
                box[0] = 1
                box[axis] = 1
                for (batch, start) in starts.enumerated() {
                    for step in 0..<update.shape[axis] {
                        let place = isCircular ? (start + step) % cache.shape[axis] : start + step
                        guard place < cache.shape[axis] else {
                            throw QTuneError(.invalidInput, "the update runs over the end of the cache")
                        }
                        StridedCopy.copy(
                            box, from: carrier.tensors[1],
                            view(update.shape, batch, axis, step), to: output, view(cache.shape, batch, axis, place))
                    }
                }
            }
        ]
    }

    private func view(_ shape: Shape, _ batch: Int, _ axis: Int, _ place: Int) -> StridedView {
        let strides = shape.strides
        return StridedView(offset: batch * strides[0] + place * strides[axis], strides: strides)
    }
}
