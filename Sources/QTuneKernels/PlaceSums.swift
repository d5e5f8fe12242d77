internal import CQTuneKernels
package import QTuneTensor

/// Places of a picture, each a weighted sum of pixels.
package struct PlaceSums: Sendable {
    /// Where the terms of each place start, and the end of the last.
    private var starts = [0]
    private var pixels: [Int] = []
    private var weights: [Float] = []

    package init() {}

    /// The number of places.
    package var count: Int { starts.count - 1 }

    /// Adds a term to the place that is being made.
    package mutating func add(pixel: Int, weight: Float) {
        pixels.append(pixel)
        weights.append(weight)
    }

    /// Ends the place that is being made.
    package mutating func endPlace() { starts.append(pixels.count) }

    /// Removes all places.
    package mutating func removeAll() {
        starts.removeSubrange(1...)
        pixels.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
    }

    /// Writes the sums of `channels` of each pixel.
    /// - Parameters:
    ///   - source: float32 pixels [..., channels]; `first` is the pixel that is number 0 in the sums.
    ///   - target: float32 rows [..., length]; the sum of place `i` goes to row `row + i`, from `column` on.
    /// - Precondition: all of it lies inside of both.
    package func write(
        of source: Tensor, first: Int, channels: Range<Int>, into target: Tensor, row: Int, column: Int = 0,
        tier: CPUTier? = nil
    ) {
        guard count > 0, !channels.isEmpty, let depth = source.shape.dimensions.last,
            let length = target.shape.dimensions.last
        else { return }
        precondition(source.dtype == .float32 && target.dtype == .float32, "not float32")
        precondition(channels.lowerBound >= 0 && channels.upperBound <= depth, "channels \(channels) of \(depth)")
        precondition(column >= 0 && column + channels.count <= length, "columns from \(column) of \(length)")
        precondition(row >= 0 && (row + count) * length <= target.count, "rows from \(row) of \(target.shape)")
        let last = source.count / depth - first
        precondition(first >= 0 && pixels.allSatisfy { $0 >= 0 && $0 < last }, "a pixel outside of \(source.shape)")
        let kernel = FloatKernels.resample(for: tier)
        let start = UnsafePointer(source.unsafeElements(Float.self)) + first * depth + channels.lowerBound
        let result = target.unsafeElements(Float.self) + row * length + column
        let most = zip(starts, starts.dropFirst()).reduce(1) { max($0, $1.1 - $1.0) }
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: most) { rows in
            weights.withUnsafeBufferPointer { weights in
                for place in 0..<count {
                    let terms = starts[place]..<starts[place + 1]
                    for term in terms { rows[term - terms.lowerBound] = start + pixels[term] * depth }
                    kernel.across(
                        rows.baseAddress, weights.baseAddress.map { $0 + terms.lowerBound }, terms.count,
                        result + place * length, channels.count)
                }
            }
        }
        extendLifetime((source, target))
    }
}
