package import QTuneTensor

/// How int32 sums become integers of 8 bits: one float32 multiply, one rounding half to even, one saturating add of the
/// zero point, in that order.
package struct Requantization: Hashable, Sendable {
    /// Input scale times weight scale over output scale: one value, or one for each output channel.
    package var multipliers: [Float]
    package var zeroPoint: Int32
    /// `uint8` or `int8`.
    package var dtype: DType
    /// The fused clamp, in output integers.
    package var lower: Int32
    package var upper: Int32
    /// What is added to the result, if anything is.
    package var addition: Addition?

    /// A quantized tensor of the result's shape and type that is added to the requantized sums, and what the total
    /// becomes: `q * ratio + (addend - addendZeroPoint) * addendRatio` in float32, q being the requantized sum less its
    /// zero point, rounded half to even, plus the total's zero point, saturated.
    package struct Addition: Hashable, Sendable {
        /// The scale of the requantized sums over that of the total.
        package var ratio: Float
        package var addendRatio: Float
        package var addendZeroPoint: Int32
        package var zeroPoint: Int32
        package var lower: Int32
        package var upper: Int32

        /// - Parameters:
        ///   - scale: of the requantized sums.
        ///   - addend: quantization of what is added.
        ///   - total: quantization of the total.
        ///   - clamp: in integers of the total.
        package init(
            scale: Float, addend: QuantizationParameters, total: QuantizationParameters, clamp: ClosedRange<Int32>?
        ) {
            ratio = scale / total.scales[0]
            addendRatio = addend.scales[0] / total.scales[0]
            (addendZeroPoint, zeroPoint) = (addend.zeroPoints[0], total.zeroPoints[0])
            let range = total.dtype.integerRange ?? 0...255
            lower = max(Int32(clamping: range.lowerBound), clamp?.lowerBound ?? .min)
            upper = min(Int32(clamping: range.upperBound), clamp?.upperBound ?? .max)
        }
    }

    /// Bounds that are nil are those of `dtype`.
    package init(
        multipliers: [Float], zeroPoint: Int32, dtype: DType, lower: Int32? = nil, upper: Int32? = nil
    ) {
        let range = dtype.integerRange ?? 0...255
        self.multipliers = multipliers
        self.zeroPoint = zeroPoint
        self.dtype = dtype
        self.lower = max(Int32(clamping: range.lowerBound), lower ?? .min)
        self.upper = min(Int32(clamping: range.upperBound), upper ?? .max)
    }
}

/// What an integer kernel does with its int32 sums before it stores them.
package enum IntegerEpilogue: Hashable, Sendable {
    /// Stores `uint8` or `int8`.
    case requantize(Requantization)
    /// Stores float32: sum times scale plus bias, plus an element of another tensor where it `adds`, clamped. Scales
    /// and bias have one value, or one per output channel.
    case dequantize(
        scales: [Float], bias: [Float]? = nil, lower: Float = -.infinity, upper: Float = .infinity, adds: Bool = false)
    /// Stores the sums, int32.
    case accumulators

    /// The element type of what is stored.
    package var outputType: DType {
        switch self {
        case .requantize(let requantization): requantization.dtype
        case .dequantize: .float32
        case .accumulators: .int32
        }
    }

    /// Whether a tensor is added to the requantized or dequantized sums.
    var adds: Bool {
        switch self {
        case .requantize(let requantization): requantization.addition != nil
        case .dequantize(_, _, _, _, let adds): adds
        case .accumulators: false
        }
    }

    /// The values that go with single channels, to be checked against the number of output channels.
    fileprivate var perChannelCounts: [Int] {
        switch self {
        case .requantize(let requantization): [requantization.multipliers.count]
        case .dequantize(let scales, let bias, _, _, _): [scales.count] + (bias.map { [$0.count] } ?? [])
        case .accumulators: []
        }
    }

    /// The epilogue of the output channels `channels` alone.
    func sliced(_ channels: Range<Int>) -> IntegerEpilogue {
        func part(_ values: [Float]) -> [Float] { values.count == 1 ? values : Array(values[channels]) }
        switch self {
        case .accumulators: return self
        case .requantize(var requantization):
            requantization.multipliers = part(requantization.multipliers)
            return .requantize(requantization)
        case .dequantize(let scales, let bias, let lower, let upper, let adds):
            return .dequantize(scales: part(scales), bias: bias.map(part), lower: lower, upper: upper, adds: adds)
        }
    }

    /// Throws where the epilogue does not fit `channels` output channels.
    func validate(channels: Int) throws {
        guard perChannelCounts.allSatisfy({ $0 == 1 || $0 == channels }) else {
            throw QTuneError(
                .invalidModel, "\(perChannelCounts) scales or bias values for \(channels) output channels",
                remedy: "give one value, or one for each output channel")
        }
        guard case .requantize(let requantization) = self else { return }
        guard requantization.dtype == .uint8 || requantization.dtype == .int8,
            let range = requantization.dtype.integerRange, range.contains(Int(requantization.zeroPoint)),
            requantization.lower <= requantization.upper
        else {
            throw QTuneError(
                .unsupported,
                "requantizing to \(requantization.dtype) with zero point \(requantization.zeroPoint) and bounds"
                    + " \(requantization.lower)...\(requantization.upper)")
        }
    }
}
