internal import CQTuneKernels
package import QTuneTensor

/// Normalization of each row of the last axis by its own statistics.
package enum RowNormalization {
    /// Elements below which a part is not worth handing to another thread.
    private static let grain = 4096

    /// Writes `(x - mean) / sqrt(variance + epsilon) * scale + shift` of each row, float32, into `output`, which may
    /// share the bytes of `x`.
    /// - Parameters:
    ///   - scale: a factor for each element of a row; nil for 1.
    ///   - shift: an addend for each element of a row; nil for 0.
    ///   - centers: whether the mean is taken off; otherwise rows are divided by the root of their mean square.
    package static func run(
        _ x: Tensor, scale: Tensor?, shift: Tensor?, epsilon: Float, centers: Bool = true, into output: Tensor,
        pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        let length = x.shape.dimensions.last ?? 1
        for numbers in [scale, shift].compactMap({ $0 }) {
            precondition(numbers.dtype == .float32 && numbers.count == length, "not \(length) float32 numbers")
        }
        guard x.count > 0 else { return }
        let kernel = FloatKernels.reduction(for: tier)
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let (factors, addends) = (scale?.unsafeElements(Float.self), shift?.unsafeElements(Float.self))
        // A part a thread: each finds in its own cache the rows that it wrote in a product before.
        let rows = x.count / length
        let parts = max(1, min(pool.threads, x.count / Self.grain))
        pool.run(parts: parts) { part in
            for row in rows * part / parts..<rows * (part + 1) / parts {
                kernel.normalize(
                    source + row * length, factors, addends, target + row * length, length, epsilon, centers)
            }
        }
        extendLifetime((x, scale, shift, output))
    }
    /// Normalizes rows of `rowLength` elements of float32 as `run` does, then scales and moves planes of `planeLength`
    /// elements, of which rows are made: plane `p` by number `p % scales.count` of both.
    package static func planes(
        _ x: Tensor, rowLength: Int, planeLength: Int, scales: [Float], shifts: [Float], epsilon: Float,
        into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        precondition(scales.count == shifts.count && !scales.isEmpty, "scales and shifts differ in number")
        guard x.count > 0 else { return }
        let (reduction, elements) = (FloatKernels.reduction(for: tier), FloatKernels.elementwise(for: tier))
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let planes = rowLength / planeLength
        pool.run(over: x.count / rowLength, grain: max(1, Elementwise.grain / rowLength)) { range in
            for row in range {
                let start = row * rowLength
                reduction.normalize(source + start, nil, nil, target + start, rowLength, epsilon, true)
                for plane in 0..<planes {
                    let (number, place) = ((row * planes + plane) % scales.count, target + start + plane * planeLength)
                    elements.unary(QT_UNARY_AFFINE, place, place, planeLength, scales[number], shifts[number])
                }
            }
        }
        extendLifetime((x, output))
    }
}
