import QTuneTensor

/// What a mask of words says of the keys, as a number that is added to the scores of those it hides.
enum KeyPadding {
    /// A bias of float32 that broadcasts to `shape`, [batch, heads, queries, keys].
    /// - Parameters:
    ///   - mask: [batch, keys] or [batch, queries, keys], not above 0 where a key is hidden; or [batch], where the keys
    ///     end, or [2 * batch], where they end and then where they start.
    ///   - filter: what is added.
    static func bias(_ mask: Tensor, shape: Shape, filter: Float) throws -> Tensor {
        let (batches, rows, keys) = (shape[0], shape[2], shape[3])
        guard let numbers = mask.integers else { throw QTuneError(.invalidInput, "a mask of \(mask.dtype)") }
        switch mask.shape.dimensions {
        case [batches, keys] where mask.shape.rank == 2:
            return Tensor(numbers.map { $0 > 0 ? 0 : filter }, shape: [batches, 1, 1, keys])
        case [batches, rows, keys]:
            return Tensor(numbers.map { $0 > 0 ? 0 : filter }, shape: [batches, 1, rows, keys])
        case [batches], [2 * batches]:
            let starts = numbers.count > batches ? Array(numbers[batches...]) : [Int](repeating: 0, count: batches)
            let bias = (0..<batches).flatMap { batch in
                (0..<keys).map { starts[batch] <= $0 && $0 < numbers[batch] ? 0 : filter }
            }
            return Tensor(bias, shape: [batches, 1, 1, keys])
        default:
            throw QTuneError(.unsupported, "a mask of \(mask.shape) for scores of \(shape)")
        }
    }

    /// The sum of two biases, either of which may be missing.
    /// - Throws: where they do not broadcast to `shape`.
    static func sum(_ first: Tensor?, _ second: Tensor?, shape: Shape) throws -> Tensor? {
        for bias in [first, second] {
            guard let bias else { continue }
            guard bias.shape.rank == 4, bias.shape.broadcast(with: shape) == shape else {
                throw QTuneError(.invalidInput, "a bias of \(bias.shape) does not fit scores of \(shape)")
            }
        }
        guard let first, let second else { return first ?? second }
        let result = Tensor(uninitialized: .float32, shape: try Broadcasting.shape(of: [first.shape, second.shape]))
        Broadcasting.combine(first, second, into: result) { (x: Float, y: Float) in x + y }
        return result
    }
}
