/// The elements of a plane that an interpolated place is a weighted sum of, each with its weight.
///
/// Built axis by axis, from the outermost: an axis multiplies the taps that are there by its own.
struct SamplingTaps<Real: BinaryFloatingPoint> {
    /// Offsets in the plane; elements that count as 0 are left out.
    private(set) var offsets: [Int] = []
    private(set) var weights: [Real] = []
    private var axisOffsets: [Int] = []
    private var axisWeights: [Real] = []

    /// Begins a place.
    mutating func reset() {
        offsets.removeAll(keepingCapacity: true)
        weights.removeAll(keepingCapacity: true)
        offsets.append(0)
        weights.append(1)
    }

    /// Begins the taps of an axis.
    mutating func beginAxis() {
        axisOffsets.removeAll(keepingCapacity: true)
        axisWeights.removeAll(keepingCapacity: true)
    }

    /// Adds a tap to the axis.
    mutating func add(_ offset: Int, _ weight: Real) {
        axisOffsets.append(offset)
        axisWeights.append(weight)
    }

    /// Multiplies the taps of the place by those of the axis of `length` elements.
    mutating func endAxis(length: Int) {
        let count = offsets.count
        for outer in 0..<count {
            let (start, weight) = (offsets[outer] * length, weights[outer])
            for inner in axisOffsets.indices {
                offsets.append(start + axisOffsets[inner])
                weights.append(weight * axisWeights[inner])
            }
        }
        offsets.removeFirst(count)
        weights.removeFirst(count)
    }

    /// Adds the two neighbours of `place`, where elements outside of the axis are 0, as the taps of the next axis.
    mutating func appendLinear(_ place: Real, length: Int) {
        // So far outside both neighbours are 0, whatever the distance; NaN lies outside too.
        let bounded = place > -2 ? min(place, Real(length) + 1) : -2
        let low = Int(bounded.rounded(.down))
        let fraction = bounded - Real(low)
        beginAxis()
        if (0..<length).contains(low) { add(low, 1 - fraction) }
        if (0..<length).contains(low + 1) { add(low + 1, fraction) }
        endAxis(length: length)
    }
}
