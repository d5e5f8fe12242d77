import QTuneKernels

/// How places of a sampling grid are read from an axis.
struct GridSampling: Sendable {
    enum Mode: Sendable { case nearest, linear, cubic }
    enum Padding: String, Sendable { case zeros, border, reflection }

    let mode: Mode
    let padding: Padding
    /// Whether -1 and 1 are the centres of the end elements, else their outer edges.
    let alignsCorners: Bool

    /// The slope of the cubic's outer parts.
    private static let cubicSlope = -0.75

    /// Adds the taps of the place `normalized` (-1 to 1 spans the axis) of an axis of `length` elements.
    func append<Real>(_ normalized: Real, length: Int, to taps: inout SamplingTaps<Real>) {
        let place = placed(normalized, length)
        taps.beginAxis()
        let low = place.rounded(.down)
        let fraction = place - low
        let first = Int(low)
        switch mode {
        case .nearest: add(Int(place.rounded(.toNearestOrEven)), 1, length, &taps)
        case .linear:
            add(first, 1 - fraction, length, &taps)
            add(first + 1, fraction, length, &taps)
        case .cubic:
            for step in -1...2 { add(first + step, Self.cubicWeight(Real(step) - fraction), length, &taps) }
        }
        taps.endAxis(length: length)
    }

    /// The place in elements, moved as the padding asks for where it lies outside. Stays within a few elements of the
    /// axis.
    private func placed<Real: BinaryFloatingPoint>(_ normalized: Real, _ length: Int) -> Real {
        let count = Real(length)
        let raw = alignsCorners ? (normalized + 1) / 2 * (count - 1) : ((normalized + 1) * count - 1) / 2
        var place = mode == .nearest ? raw.rounded(.toNearestOrEven) : raw
        let (lower, upper) = borders(count)
        if place < lower || place > upper {
            switch padding {
            case .zeros: break
            // A cubic beyond the border still leans on the elements before it, as it was trained to.
            case .border: if mode != .cubic { place = min(max(place, 0), count - 1) }
            case .reflection: place = Self.reflected(place, lower, upper)
            }
        }
        // Further out there is nothing but padding; NaN lies outside too.
        return place > -4 ? min(place, count + 4) : -4
    }

    private func borders<Real: BinaryFloatingPoint>(_ count: Real) -> (lower: Real, upper: Real) {
        alignsCorners ? (0, count - 1) : (-0.5, count - 0.5)
    }

    private func add<Real>(_ index: Int, _ weight: Real, _ length: Int, _ taps: inout SamplingTaps<Real>) {
        if let element = element(index, length) { taps.add(element, weight) }
    }

    /// The element that `index` stands for, which may lie outside; nil for one that counts as 0.
    private func element(_ index: Int, _ length: Int) -> Int? {
        if (0..<length).contains(index) { return index }
        switch padding {
        case .zeros: return nil
        case .border: return min(max(index, 0), length - 1)
        case .reflection:
            let (lower, upper): (Double, Double) = borders(Double(length))
            let reflected = Int(Self.reflected(Double(index), lower, upper))
            return min(max(reflected, 0), length - 1)
        }
    }

    /// The elements of an axis of `length` between which the linear mode takes the place `normalized`.
    func neighbours(_ normalized: Float, length: Int) -> PlaceSums.Neighbours {
        let place = placed(normalized, length)
        let low = place.rounded(.down)
        return PlaceSums.Neighbours(
            low: element(Int(low), length), high: element(Int(low) + 1, length), lowWeight: 1 - (place - low),
            highWeight: place - low)
    }

    /// `place`, folded back at the borders until it lies between them.
    private static func reflected<Real: BinaryFloatingPoint>(_ place: Real, _ lower: Real, _ upper: Real) -> Real {
        let span = upper - lower
        guard span > 0, place.isFinite else { return lower }
        let distance = (place - lower).magnitude.truncatingRemainder(dividingBy: 2 * span)
        return distance <= span ? lower + distance : upper - (distance - span)
    }

    /// Keys' cubic at `distance` elements.
    private static func cubicWeight<Real: BinaryFloatingPoint>(_ distance: Real) -> Real {
        let (x, slope) = (distance.magnitude, Real(cubicSlope))
        if x <= 1 { return ((slope + 2) * x - (slope + 3)) * x * x + 1 }
        return x < 2 ? ((x - 5) * x + 8) * x * slope - 4 * slope : 0
    }
}
