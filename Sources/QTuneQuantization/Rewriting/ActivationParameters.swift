internal import QTuneTensor

/// Scales and zero points from ranges of real values.
enum AffineParameters {
    /// Parameters for `range`, widened so that 0 is inside: 0 is always an exact integer, and rounding inside the range
    /// is at most half a scale off.
    /// - Parameter symmetric: zero point in the middle of the type's range.
    static func make(_ range: ClosedRange<Float>, dtype: DType, symmetric: Bool) -> QuantizationParameters {
        let ends = dtype.integerRange ?? 0...255
        let lowest = ends.lowerBound
        let highest = ends.upperBound
        let lower = Double(min(0, range.lowerBound))
        let upper = Double(max(0, range.upperBound))
        guard upper - lower >= Double(Float.leastNormalMagnitude) * 256, (upper - lower).isFinite else {
            return QuantizationParameters(dtype: dtype, scales: [1], zeroPoints: [0])
        }
        if symmetric {
            let middle = (lowest + highest + 1) / 2
            let scale = max(-lower, upper) / Double(highest - middle)
            return QuantizationParameters(dtype: dtype, scales: [Float(scale)], zeroPoints: [Int32(middle)])
        }
        let scale = (upper - lower) / Double(highest - lowest)
        let zeroPoint = (Double(lowest) - lower / scale).rounded(.toNearestOrEven)
        return QuantizationParameters(
            dtype: dtype, scales: [Float(scale)],
            zeroPoints: [Int32(max(Double(lowest), min(Double(highest), zeroPoint)))])
    }
}

extension QuantizationParameters {
    /// The real values that integers of one scale stand for; nil with several scales.
    var representable: ClosedRange<Float>? {
        guard scales.count == 1, zeroPoints.count == 1, let ends = dtype.integerRange else { return nil }
        let zero = Int(zeroPoints[0])
        return Float(ends.lowerBound - zero) * scales[0]...Float(ends.upperBound - zero) * scales[0]
    }

    /// Whether cutting values off at these bounds does what saturating does anyway, to within half a scale.
    func saturates(within lower: Float, _ upper: Float) -> Bool {
        guard let ends = representable else { return false }
        let slack = scales[0] / 2
        return ends.lowerBound >= lower - (lower == 0 ? 0 : slack) && ends.upperBound <= upper + slack
    }
}
