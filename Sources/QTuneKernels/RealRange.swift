internal import CQTuneKernels

/// The ends of a set of real numbers and 0, NaN left out.
package struct RealRange: Hashable, Sendable {
    /// 0 or less.
    package var lower: Float = 0
    /// 0 or more.
    package var upper: Float = 0

    package init(lower: Float, upper: Float) { (self.lower, self.upper) = (lower, upper) }

    fileprivate init() {}
}

/// Where kernels note the range of what they store, a place for each part of the work.
struct PartRanges: @unchecked Sendable {
    /// The number of parts, and their numbers.
    private let buffer: ManagedBuffer<Int, Float>

    private static let floats = 2 * Int(QT_EPILOGUE_RANGE)

    init(parts: Int) {
        buffer = .create(minimumCapacity: parts * Self.floats) { _ in parts }
        for part in 0..<parts { qt_epilogue_range_begin(self[part]) }
    }

    /// Whoever uses the pointer keeps `self` alive.
    subscript(part: Int) -> UnsafeMutablePointer<Float> {
        buffer.withUnsafeMutablePointerToElements { $0 + part * Self.floats }
    }

    /// What all parts noted.
    var total: RealRange {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2) { ends in
            ends.initialize(repeating: 0)
            for part in 0..<buffer.header { qt_epilogue_range_end(self[part], ends.baseAddress) }
            return RealRange(lower: ends[0], upper: ends[1])
        }
    }
}
