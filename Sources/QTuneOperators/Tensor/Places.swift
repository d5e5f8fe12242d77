import QTuneTensor

/// An index from outside, counted from the end where it is negative.
func normalizedIndex(_ index: Int, length: Int) throws -> Int {
    let normalized = index < 0 ? index + length : index
    guard (0..<length).contains(normalized) else {
        throw QTuneError(.invalidInput, "index \(index) is out of range for a length of \(length)")
    }
    return normalized
}

/// For each element of `indices`, the offset in a tensor of `shape` of the element at the same place but for `axis`,
/// where the index stands.
func elementOffsets(of indices: Tensor, in shape: Shape, axis: Int) throws -> [Int] {
    let axis = try normalizedAxis(axis, rank: shape.rank)
    let fits =
        indices.shape.rank == shape.rank
        && (0..<shape.rank).allSatisfy { $0 == axis || indices.shape[$0] <= shape[$0] }
    guard fits, let numbers = indices.integers else {
        throw QTuneError(.invalidInput, "indices of shape \(indices.shape) do not fit \(shape) along axis \(axis)")
    }
    var strides = shape.strides
    let (step, length) = (strides[axis], shape[axis])
    strides[axis] = 0
    var offsets = [Int](repeating: 0, count: numbers.count)
    guard let rowLength = indices.shape.dimensions.last, let rowStep = strides.last, rowLength > 0 else {
        return try numbers.map { try normalizedIndex($0, length: length) * step }
    }
    let outer = Array(strides.dropLast())
    var walk = StridedWalk(lengths: Array(indices.shape.dimensions.dropLast()), first: outer, second: outer)
    for row in 0..<numbers.count / rowLength {
        for place in 0..<rowLength {
            let index = row * rowLength + place
            offsets[index] = walk.first + place * rowStep + (try normalizedIndex(numbers[index], length: length)) * step
        }
        walk.advance()
    }
    return offsets
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
