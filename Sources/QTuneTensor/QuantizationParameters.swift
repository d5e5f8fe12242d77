/// How integers stand for real numbers: `real = (integer - zeroPoint) * scale`, per tensor or per slice along an axis.
/// Integers are rounded half to even and saturate at the ends of `dtype`.
public struct QuantizationParameters: Hashable, Sendable, Codable {
    /// The integer type.
    public var dtype: DType
    /// One scale for the tensor, or one for each slice along `axis`; all above 0.
    public var scales: [Float]
    /// As many as there are scales.
    public var zeroPoints: [Int32]
    /// The axis that scales run along; nil for one scale for the whole tensor.
    public var axis: Int?

    public init(dtype: DType, scales: [Float], zeroPoints: [Int32], axis: Int? = nil) {
        precondition(scales.count == zeroPoints.count && (axis != nil || scales.count == 1), "scales and axis disagree")
        self.dtype = dtype
        self.scales = scales
        self.zeroPoints = zeroPoints
        self.axis = axis
    }
}
