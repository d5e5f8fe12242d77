import QTuneTensor

/// For each element of `target`, in row-major order, the element of `source` that broadcasts to it.
/// - Precondition: `source` broadcasts to `target`.
func broadcastPlaces(of source: Shape, in target: Shape) -> [Int] {
    var result = [0]
    let missing = target.rank - source.rank
    let strides = source.strides
    for axis in 0..<target.rank {
        let step = axis < missing || source[axis - missing] == 1 ? 0 : strides[axis - missing]
        result = result.flatMap { start in (0..<target[axis]).map { start + $0 * step } }
    }
    return result
}
