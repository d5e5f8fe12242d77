internal import CQTuneKernels
package import QTuneTensor

/// Vectors of a float32 tensor whose elements are turned in pairs, by angles that tables hold.
package struct PairRotation {
    /// Pairs of a vector, and elements of a row of the tables.
    package let pairs: Int
    /// Elements of a vector; those behind its pairs stay as they are.
    package let columns: Int
    /// Whether neighbours make a pair, rather than elements of the two halves of what turns.
    package let pairsNeighbours: Bool
    private let cosines: Tensor
    private let sines: Tensor
    private let tier: CPUTier?

    /// - Precondition: float32 tables of as many elements; the pairs fit into a vector.
    package init(
        pairs: Int, columns: Int, pairsNeighbours: Bool, cosines: Tensor, sines: Tensor, tier: CPUTier? = nil
    ) {
        precondition(cosines.dtype == .float32 && sines.dtype == .float32 && cosines.count == sines.count, "tables")
        precondition(pairs >= 0 && 2 * pairs <= columns, "\(pairs) pairs of \(columns) elements")
        (self.pairs, self.columns, self.pairsNeighbours) = (pairs, columns, pairsNeighbours)
        (self.cosines, self.sines, self.tier) = (cosines, sines, tier)
    }

    /// Writes the turned vectors of `x`, which start at `start` and every `stride` elements from there on, to the same
    /// places of `output`.
    /// - Parameter rows: for each vector its row of the tables.
    /// - Precondition: float32; vectors and rows lie inside of their tensors, and the tensors share no bytes.
    package func run(_ x: Tensor, start: Int, stride: Int, rows: ArraySlice<Int>, into output: Tensor) {
        guard !rows.isEmpty, columns > 0 else { return }
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        precondition(
            start >= 0 && stride >= 0 && start + (rows.count - 1) * stride + columns <= x.count, "vectors outside")
        let tableRows = pairs == 0 ? Int.max : cosines.count / pairs
        let kernel = FloatKernels.elementwise(for: tier)
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let (cosine, sine) = (cosines.unsafeElements(Float.self), sines.unsafeElements(Float.self))
        var place = start
        for row in rows {
            precondition(row >= 0 && row < tableRows, "a row outside of the tables")
            kernel.rotate(
                source + place, cosine + row * pairs, sine + row * pairs, target + place, pairs, pairsNeighbours)
            let rest = place + 2 * pairs
            (target + rest).update(from: source + rest, count: columns - 2 * pairs)
            place += stride
        }
        extendLifetime((x, output, cosines, sines))
    }
}
