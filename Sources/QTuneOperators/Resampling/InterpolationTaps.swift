/// The elements of an axis that one element of the result is a weighted sum of.
struct InterpolationTaps: Sendable {
    var indices: [Int]
    var weights: [Double]
}

/// The weights of linear and cubic interpolation.
enum InterpolationKernel: Sendable {
    case linear
    /// `a` is the slope of the curve at distance 1.
    case cubic(a: Double)

    /// Elements on each side that have weight.
    private var reach: Double { if case .linear = self { 1 } else { 2 } }

    private func weight(_ distance: Double) -> Double {
        let x = distance.magnitude
        switch self {
        case .linear: return max(0, 1 - x)
        case .cubic(let a):
            if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
        }
    }

    /// The taps at `place` of an axis of `length` elements.
    /// - Parameters:
    ///   - scale: below 1 the kernel is stretched by its inverse, which keeps shrinking free of aliases.
    ///   - excludesOutside: whether elements past the ends have no weight; otherwise the end elements stand for them.
    func taps(at place: Double, length: Int, scale: Double, excludesOutside: Bool) -> InterpolationTaps {
        let stretch = min(1, scale)
        let base = place.rounded(.up) - 1
        let ratio = place - base
        let first = Int((-reach / stretch).rounded(.down)) + 1
        var taps = InterpolationTaps(indices: [], weights: [])
        var sum = 0.0
        for step in first...(1 - first) {
            let element = Int(base) + step
            var weight = weight((Double(step) - ratio) * stretch)
            if excludesOutside, !(0..<length).contains(element) { weight = 0 }
            taps.indices.append(min(max(element, 0), length - 1))
            taps.weights.append(weight)
            sum += weight
        }
        if sum != 0, stretch < 1 || excludesOutside { taps.weights = taps.weights.map { $0 / sum } }
        return taps
    }
}
