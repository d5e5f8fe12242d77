internal import CQTuneKernels

/// The ends of a set of real numbers and 0, NaN left out.
package struct RealRange: Hashable, Sendable {
    /// 0 or less.
    package var lower: Float = 0
    /// 0 or more.
    package var upper: Float = 0

    package init(lower: Float, upper: Float) { (self.lower, self.upper) = (lower, upper) }

    /// What quantizes its numbers to uint8, as DynamicQuantizeLinear has it.
    package var quantization: (scale: Float, zeroPoint: UInt8) {
        let (lower, upper) = (min(0, lower), max(0, upper))
        let step = (upper - lower) / 255
        let scale = step > 0 ? step : 1
        let zeroPoint = (-lower / scale).rounded(.toNearestOrEven)
        return (scale, zeroPoint.isNaN ? 0 : UInt8(max(0, min(255, zeroPoint))))
    }
}

/// Where kernels note the range of what they store, a place for each part of the work.
struct PartRanges: @unchecked Sendable {
    private let parts: Int
    private let ranges: UnsafeMutablePointer<Float>

    private static let floats = 2 * Int(QT_EPILOGUE_RANGE)

    /// The range of what the parts of `body` note; nil, and no place to note it, where nobody wants it.
    static func collected(isWanted: Bool, parts: Int, _ body: (PartRanges?) -> Void) -> RealRange? {
        guard isWanted else {
            body(nil)
            return nil
        }
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: parts * floats) { buffer in
            let ranges = PartRanges(parts: parts, ranges: buffer.baseAddress.unsafelyUnwrapped)
            for part in 0..<parts { qt_epilogue_range_begin(ranges[part]) }
            body(ranges)
            return ranges.total
        }
    }

    subscript(part: Int) -> UnsafeMutablePointer<Float> { ranges + part * Self.floats }

    /// What all parts noted.
    private var total: RealRange {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { ends in
            ends.initialize(repeating: 0)
            for part in 0..<parts { qt_epilogue_range_end(self[part], ends.baseAddress) }
            return RealRange(lower: ends[0], upper: ends[1])
        }
    }
}
