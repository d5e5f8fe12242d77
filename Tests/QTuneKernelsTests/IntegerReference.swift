import QTuneKernels
import QTuneTensor
import Testing

/// Reproducible numbers (splitmix64).
struct IntegerNoise {
    private var state: UInt64

    init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

    mutating func next(below bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((z ^ (z >> 31)) % UInt64(bound))
    }

    /// Integers of `dtype`: its ends only, where `extreme`, so that a saturating intermediate shows.
    mutating func integers(_ count: Int, _ dtype: DType, extreme: Bool) -> [Int] {
        let range = dtype.integerRange ?? 0...0
        return (0..<count).map { _ in
            if extreme { return next(below: 4) == 0 ? range.lowerBound : range.upperBound }
            return range.lowerBound + next(below: range.count)
        }
    }

    mutating func float(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + (range.upperBound - range.lowerBound) * Float(next(below: 1 << 20)) / Float(1 << 20)
    }
}

/// A tensor of integers of one of the 8-, 16- or 32-bit types.
func integerTensor(_ values: [Int], _ dtype: DType, shape: Shape) -> Tensor {
    switch dtype {
    case .uint8: Tensor(values.map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
    case .int8: Tensor(values.map { Int8(truncatingIfNeeded: $0) }, shape: shape)
    case .uint16: Tensor(values.map { UInt16(truncatingIfNeeded: $0) }, shape: shape)
    case .int16: Tensor(values.map { Int16(truncatingIfNeeded: $0) }, shape: shape)
    default: Tensor(values.map { Int32(truncatingIfNeeded: $0) }, shape: shape)
    }
}

/// The definitions, as loops that owe nothing to the kernels.
enum IntegerReference {
    /// One integer of the output: a float32 multiply, rounding half to even, adding the zero point, clamping.
    static func requantize(_ value: Float, zeroPoint: Int32, lower: Int32, upper: Int32) -> Int {
        let rounded = value.rounded(.toNearestOrEven)
        guard rounded.magnitude < 1e9 else { return Int(rounded > 0 ? upper : lower) }
        return min(max(Int(rounded) + Int(zeroPoint), Int(lower)), Int(upper))
    }

    /// The integer `own`, the result of the first requantization, plus the integer `addend`.
    static func add(_ own: Int, _ addend: Int, _ requantization: Requantization) -> Int {
        guard let addition = requantization.addition else { return own }
        let left = Float(own - Int(requantization.zeroPoint)) * addition.ratio
        let right = Float(addend - Int(addition.addendZeroPoint)) * addition.addendRatio
        return requantize(
            left + right, zeroPoint: addition.zeroPoint, lower: addition.lower, upper: addition.upper)
    }

    /// What `epilogue` makes of the sum of channel `channel`; float32 results as bit patterns.
    static func finish(_ sum: Int, channel: Int, _ epilogue: IntegerEpilogue) -> Int {
        func value(_ values: [Float]) -> Float { values.count == 1 ? values[0] : values[channel] }
        let sum = Int32(truncatingIfNeeded: sum)
        switch epilogue {
        case .accumulators:
            return Int(sum)
        case .requantize(let requantization):
            return requantize(
                Float(sum) * value(requantization.multipliers), zeroPoint: requantization.zeroPoint,
                lower: requantization.lower, upper: requantization.upper)
        case .dequantize(let scales, let bias, let lower, let upper, _):
            let scaled = Float(sum) * value(scales)
            let shifted = scaled + (bias.map(value) ?? 0)
            return Int(min(max(shifted, lower), upper).bitPattern)
        }
    }

    /// The output of a tensor as `finish` gives it.
    static func results(_ tensor: Tensor) -> [Int] {
        tensor.dtype == .float32 ? tensor.array(of: Float.self).map { Int($0.bitPattern) } : tensor.integers ?? []
    }
}

/// A convolution with all that its naive form needs.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
    var shape: ConvolutionShape
    var inputType: DType = .uint8
    var weightType: DType = .int8
    var inputZeroPoint: Int32 = 0
    var weightZeroPoints: [Int32] = [0]
    var extreme = false
    var seed = 1

    var testDescription: String {
        "\(shape.inputHeight)x\(shape.inputWidth)x\(shape.inputChannels)->\(shape.outputChannels) g\(shape.groups)"
            + " k\(shape.kernel.height)x\(shape.kernel.width) s\(shape.stride.height) d\(shape.dilation.height)"
            + " \(inputType)*\(weightType) z\(inputZeroPoint),\(weightZeroPoints)\(extreme ? " extreme" : "")"
    }

    func operands() -> (input: Tensor, weights: Tensor, bias: [Int32], inputs: [Int], kernel: [Int]) {
        var noise = IntegerNoise(seed: seed)
        let inputShape: Shape = [shape.batch, shape.inputHeight, shape.inputWidth, shape.inputChannels]
        let weightShape: Shape = [
            shape.outputChannels, shape.inputChannelsPerGroup, shape.kernel.height, shape.kernel.width,
        ]
        let inputs = noise.integers(inputShape.elementCount, inputType, extreme: extreme)
        let kernel = noise.integers(weightShape.elementCount, weightType, extreme: extreme)
        let bias = (0..<shape.outputChannels).map { _ in Int32(noise.next(below: 20001) - 10000) }
        return (
            integerTensor(inputs, inputType, shape: inputShape), integerTensor(kernel, weightType, shape: weightShape),
            bias, inputs, kernel
        )
    }

    var outputShape: Shape { [shape.batch, shape.outputHeight, shape.outputWidth, shape.outputChannels] }

    /// The sums [N, H, W, O], by the definition.
    func sums(_ inputs: [Int], _ kernel: [Int], _ bias: [Int32]) -> [Int] {
        let (perGroup, outPerGroup) = (shape.inputChannelsPerGroup, shape.outputChannelsPerGroup)
        var sums: [Int] = []
        for image in 0..<shape.batch {
            for oy in 0..<shape.outputHeight {
                for ox in 0..<shape.outputWidth {
                    for o in 0..<shape.outputChannels {
                        let weightZero = Int(weightZeroPoints.count == 1 ? weightZeroPoints[0] : weightZeroPoints[o])
                        var sum = Int(bias[o])
                        for ky in 0..<shape.kernel.height {
                            let y = oy * shape.stride.height - shape.padding.top + ky * shape.dilation.height
                            guard y >= 0 && y < shape.inputHeight else { continue }
                            for kx in 0..<shape.kernel.width {
                                let x = ox * shape.stride.width - shape.padding.left + kx * shape.dilation.width
                                guard x >= 0 && x < shape.inputWidth else { continue }
                                let pixel =
                                    ((image * shape.inputHeight + y) * shape.inputWidth + x) * shape.inputChannels
                                for c in 0..<perGroup {
                                    let a = inputs[pixel + o / outPerGroup * perGroup + c] - Int(inputZeroPoint)
                                    let index =
                                        ((o * perGroup + c) * shape.kernel.height + ky) * shape.kernel.width + kx
                                    sum += a * (kernel[index] - weightZero)
                                }
                            }
                        }
                        sums.append(sum)
                    }
                }
            }
        }
        return sums
    }
}
