internal import CQTuneKernels
package import QTuneTensor

/// Element-wise work on quantized tensors. Outputs are allocated by the caller and overwritten; every instruction set
/// gives the same bits. A `tier` of nil is this process's.
package enum IntegerElementwise {
    /// Elements below which a second thread costs more than it saves.
    static let leastWork = 16_384

    /// Elements of a run that one part takes at least.
    static let grain = 4_096

    /// The C tag of an element type that the element-wise kernels take.
    static func tag(_ dtype: DType) -> Int32 {
        switch dtype {
        case .uint8: return Int32(QT_U8.rawValue)
        case .int8: return Int32(QT_S8.rawValue)
        case .uint16: return Int32(QT_U16.rawValue)
        case .int16: return Int32(QT_S16.rawValue)
        case .int32: return Int32(QT_S32.rawValue)
        default: preconditionFailure("no integer kernel takes \(dtype)")
        }
    }

    /// Bounds and zero point of an output of `dtype`; `clamp` is in output integers.
    static func target(_ dtype: DType, zeroPoint: Int32, clamp: ClosedRange<Int32>?) -> qt_integer_target {
        let range = dtype.integerRange ?? 0...255
        let ends = Int32(clamping: range.lowerBound)...Int32(clamping: range.upperBound)
        let bounds = (clamp ?? ends).clamped(to: ends)
        return qt_integer_target(
            lower: Float(Int(bounds.lowerBound) - Int(zeroPoint)),
            upper: Float(Int(bounds.upperBound) - Int(zeroPoint)), zero_point: zeroPoint)
    }

    /// Calls `body` with ranges that cover `0..<count`, on the pool's threads.
    static func split(_ count: Int, work: Int, pool: ThreadPool, _ body: (Range<Int>) -> Void) {
        let parts = work < leastWork ? 1 : min(count, pool.threads)
        guard parts > 1 else {
            body(0..<count)
            return
        }
        pool.run(parts: parts) { body(($0 * count / parts)..<(($0 + 1) * count / parts)) }
    }

    /// The smallest and the largest of the elements of float32 `x`, NaN left out; 0 and 0 where there are none.
    package static func range(
        of x: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) -> (minimum: Float, maximum: Float) {
        precondition(x.dtype == .float32)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        nonisolated(unsafe) let values = UnsafePointer(x.address.assumingMemoryBound(to: Float.self))
        let count = x.count
        let parts = count < leastWork ? 1 : pool.threads
        let bounds = UnsafeMutablePointer<Float>.allocate(capacity: parts * 2)
        defer { bounds.deallocate() }
        nonisolated(unsafe) let shared = bounds
        pool.run(parts: parts) { part in
            (shared[part * 2], shared[part * 2 + 1]) = (.infinity, -.infinity)
            let begin = part * count / parts
            kernel.pointee.range(values + begin, (part + 1) * count / parts - begin, shared + part * 2)
        }
        extendLifetime(x)
        var (low, high) = (Float.infinity, -Float.infinity)
        for part in 0..<parts {
            low = min(low, bounds[part * 2])
            high = max(high, bounds[part * 2 + 1])
        }
        // Adding 0 makes the sign of a zero independent of the order.
        return low <= high ? (low + 0, high + 0) : (0, 0)
    }

    /// Each byte of `x` replaced by its entry in `table`, which has 256.
    package static func lookup(
        _ x: Tensor, table: [UInt8], into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(table.count == 256 && x.dtype.bitWidth == 8 && output.dtype.bitWidth == 8)
        precondition(x.count == output.count)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        nonisolated(unsafe) let source = x.bytes
        nonisolated(unsafe) let target = output.address.assumingMemoryBound(to: UInt8.self)
        table.withUnsafeBufferPointer { entries in
            nonisolated(unsafe) let entries = entries
            split(x.count, work: x.count, pool: pool) { part in
                kernel.pointee.lookup(
                    source + part.lowerBound, part.count, entries.baseAddress, target + part.lowerBound)
            }
        }
        extendLifetime((x, output))
    }
}
