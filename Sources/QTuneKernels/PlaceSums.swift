internal import CQTuneKernels
package import QTuneTensor

/// Places of a picture, each a weighted sum of pixels.
package struct PlaceSums: Sendable {
    private struct Term {
        let pixel: Int
        let weight: Float
    }

    /// Where the terms of each place start, and the end of the last.
    private var starts = [0]
    private var terms: [Term] = []

    package init() {}

    /// The number of places.
    package var count: Int { starts.count - 1 }

    /// Adds a term to the place that is being made.
    package mutating func add(pixel: Int, weight: Float) { terms.append(Term(pixel: pixel, weight: weight)) }

    /// Ends the place that is being made.
    package mutating func endPlace() { starts.append(terms.count) }

    /// Adds a place between two rows and two columns of a picture that is `width` pixels wide.
    /// - Parameter factor: what the sum is multiplied by.
    package mutating func addPlace(_ row: Neighbours, _ column: Neighbours, width: Int, factor: Float = 1) {
        add(row.low, row.lowWeight * factor, column, width)
        add(row.high, row.highWeight * factor, column, width)
        endPlace()
    }

    private mutating func add(_ row: Int?, _ weight: Float, _ column: Neighbours, _ width: Int) {
        guard let row else { return }
        if let low = column.low { add(pixel: row * width + low, weight: weight * column.lowWeight) }
        if let high = column.high { add(pixel: row * width + high, weight: weight * column.highWeight) }
    }

    /// The two elements of an axis between which a place lies, and their weights; nil for one that is 0.
    package struct Neighbours {
        package var low: Int?
        package var high: Int?
        package var lowWeight: Float
        package var highWeight: Float

        package init(low: Int?, high: Int?, lowWeight: Float, highWeight: Float) {
            (self.low, self.high) = (low, high)
            (self.lowWeight, self.highWeight) = (lowWeight, highWeight)
        }
    }

    /// Removes all places.
    package mutating func removeAll() {
        starts.removeSubrange(1...)
        terms.removeAll(keepingCapacity: true)
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
        precondition(
            first >= 0 && terms.allSatisfy { $0.pixel >= 0 && $0.pixel < last }, "a pixel outside of \(source.shape)")
        let kernel = FloatKernels.resample(for: tier)
        let start = UnsafePointer(source.unsafeElements(Float.self)) + first * depth + channels.lowerBound
        let result = target.unsafeElements(Float.self) + row * length + column
        let most = zip(starts, starts.dropFirst()).reduce(1) { max($0, $1.1 - $1.0) }
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: most) { rows in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: most) { weights in
                for place in 0..<count {
                    let first = starts[place]
                    for number in 0..<starts[place + 1] - first {
                        rows[number] = start + terms[first + number].pixel * depth
                        weights[number] = terms[first + number].weight
                    }
                    kernel.across(
                        rows.baseAddress, weights.baseAddress, starts[place + 1] - first, result + place * length,
                        channels.count)
                }
            }
        }
        extendLifetime((source, target))
    }
}
