import QTuneTensor

/// An index from outside, counted from the end where it is negative.
@inline(__always)
func normalizedIndex(_ index: Int, length: Int) throws -> Int {
    let normalized = index < 0 ? index + length : index
    guard (0..<length).contains(normalized) else {
        throw QTuneError(.invalidInput, "index \(index) is out of range for a length of \(length)")
    }
    return normalized
}

/// What indices name in a tensor: for each of them the element at its own place but for one axis, where the index stands.
struct AxisIndices {
    /// int64.
    let numbers: Tensor
    /// Indices of a row of the last axis.
    let rowLength: Int
    /// Where the rows start in the tensor, one after the other.
    let rows: StridedWalk
    /// From one place of a row to the next.
    private let rowStep: Int
    /// Of the axis.
    private let length: Int
    private let step: Int

    /// Throws where `indices` do not fit a tensor of `shape` along `axis`.
    init(_ indices: Tensor, in shape: Shape, axis: Int) throws {
        let axis = try normalizedAxis(axis, rank: shape.rank)
        let fits =
            indices.shape.rank == shape.rank
            && (0..<shape.rank).allSatisfy { $0 == axis || indices.shape[$0] <= shape[$0] }
        guard fits,
            let numbers = indices.dtype == .int64 ? indices : indices.integers.map({ Tensor($0.map(Int64.init)) })
        else {
            throw QTuneError(
                .invalidInput,
                "\(indices.dtype) indices of shape \(indices.shape) do not fit \(shape) along axis \(axis)")
        }
        var strides = shape.strides
        (self.numbers, length, step) = (numbers, shape[axis], strides[axis])
        strides[axis] = 0
        rowStep = strides.removeLast()
        rowLength = indices.shape.dimensions.last ?? 1
        rows = StridedWalk(lengths: Array(indices.shape.dimensions.dropLast()), first: strides, second: strides)
    }

    /// The offset of what `number` names, at `place` of a row that starts at `start`. Throws where it is out of range.
    @inline(__always)
    func offset(of number: Int64, at place: Int, from start: Int) throws -> Int {
        start &+ place &* rowStep &+ (try normalizedIndex(Int(number), length: length)) &* step
    }

    /// The offsets in the order of the indices.
    func offsets() throws -> [Int] {
        var offsets = [Int](repeating: 0, count: numbers.count)
        var (rows, position) = (rows, 0)
        try numbers.withSpan(of: Int64.self) { numbers in
            while position < numbers.count {
                for place in 0..<rowLength {
                    offsets[position] = try offset(of: numbers[position], at: place, from: rows.first)
                    position += 1
                }
                rows.advance()
            }
        }
        return offsets
    }
}

/// For each row of the last axis of `indices`, the offset in a tensor of `shape` of the slice that the row names;
/// the first `batchAxes` axes are common to both.
func sliceOffsets(of indices: Tensor, in shape: Shape, batchAxes: Int) throws -> [Int] {
    guard let depth = indices.shape.dimensions.last, let numbers = indices.integers, batchAxes >= 0,
        batchAxes < indices.shape.rank, batchAxes + depth <= shape.rank,
        indices.shape.dimensions[..<batchAxes] == shape.dimensions[..<batchAxes]
    else { throw QTuneError(.invalidInput, "indices of shape \(indices.shape) do not fit \(shape)") }
    let strides = shape.strides
    let batches = shape.dimensions[..<batchAxes].reduce(1, *)
    let rows = indices.shape.dimensions.dropLast().reduce(1, *)
    let rowsPerBatch = batches == 0 ? 0 : rows / batches
    let batchStride = batchAxes == 0 ? 0 : strides[batchAxes - 1]
    return try (0..<rows).map { row in
        try (0..<depth).reduce(row / max(rowsPerBatch, 1) * batchStride) { offset, place in
            let axis = batchAxes + place
            return offset + (try normalizedIndex(numbers[row * depth + place], length: shape[axis])) * strides[axis]
        }
    }
}
