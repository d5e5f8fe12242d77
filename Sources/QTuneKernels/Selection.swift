internal import CQTuneKernels
package import QTuneTensor

/// The largest or smallest elements of rows.
package enum Selection {
    /// Floats worth a part of their own.
    private static let grain = 16_384

    /// Writes the first elements of each row of `x`, [..., length], in order of size: `values` and `places` (int64) are
    /// [..., k]. Of equal elements the one that stands first comes first; NaN is larger than every number.
    /// - Precondition: float32; `k` is at most the length, which a `UInt32` counts.
    package static func first(
        _ x: Tensor, largest: Bool, values: Tensor, places: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && values.dtype == .float32 && places.dtype == .int64, "other types")
        precondition(
            values.shape == places.shape && x.shape.dimensions.dropLast() == values.shape.dimensions.dropLast())
        guard let length = x.shape.dimensions.last, let count = values.shape.dimensions.last, values.count > 0 else {
            return
        }
        precondition(count <= length && length <= UInt32.max, "\(count) of \(length) elements")
        let kernel = FloatKernels.selection(for: tier)
        let source = UnsafePointer(x.unsafeElements(Float.self))
        let (first, index) = (values.unsafeElements(Float.self), places.unsafeElements(Int64.self))
        pool.run(over: x.count / length, grain: max(1, grain / length)) { rows in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: qt_selection_room(count)) { room in
                for row in rows {
                    kernel.run(
                        source + row * length, length, count, !largest, room.baseAddress, first + row * count,
                        index + row * count)
                }
            }
        }
        extendLifetime((x, values, places))
    }
}
