internal import QTuneTensor

/// Weights as integers, with what the integers stand for.
struct QuantizedWeights: Sendable {
    let values: Tensor
    let parameters: QuantizationParameters
}

/// Quantizes constant tensors.
enum WeightQuantizer {
    /// Throws where `constant`, float32, holds values that no integers can stand for.
    static func requireFinite(_ constant: Tensor, named name: String) throws {
        let isFinite = constant.withSpan(of: Float.self) { values in
            for index in values.indices where !values[index].isFinite { return false }
            return true
        }
        guard isFinite else {
            throw QTuneError(
                .unsupported, "values that are infinite or no numbers cannot be quantized",
                place: ["constant '\(name)'"],
                remedy: "leave the layers that use it in float32")
        }
    }

    /// Quantizes float32 `weights`, with a scale for each slice along `axis` or one for all.
    /// int8 is symmetric over -127...127, uint8 covers the range from the smallest to the largest weight.
    static func quantize(
        _ weights: Tensor, dtype: DType, axis: Int?, scale method: Recipe.WeightScale
    ) -> QuantizedWeights {
        let layout = ChannelLayout(weights.shape, axis: axis)
        return weights.withSpan(of: Float.self) { source in
            var scales: [Float] = []
            var zeroPoints: [Int32] = []
            for channel in 0..<layout.channels {
                let chosen = parameters(of: source, layout: layout, channel: channel, dtype: dtype, method: method)
                scales.append(chosen.scales[0])
                zeroPoints.append(chosen.zeroPoints[0])
            }
            let parameters = QuantizationParameters(dtype: dtype, scales: scales, zeroPoints: zeroPoints, axis: axis)
            let values = quantize(source, shape: weights.shape, layout: layout, parameters: parameters)
            return QuantizedWeights(values: values, parameters: parameters)
        }
    }

    /// A constant operand of an addition or product, quantized like an activation.
    static func quantizeActivation(_ constant: Tensor, dtype: DType, symmetric: Bool) -> QuantizedWeights {
        constant.withSpan(of: Float.self) { source in
            var lower: Float = 0
            var upper: Float = 0
            for index in source.indices where source[index].isFinite {
                lower = min(lower, source[index])
                upper = max(upper, source[index])
            }
            let parameters = AffineParameters.make(lower...upper, dtype: dtype, symmetric: symmetric)
            let layout = ChannelLayout(constant.shape, axis: nil)
            return QuantizedWeights(
                values: quantize(source, shape: constant.shape, layout: layout, parameters: parameters),
                parameters: parameters)
        }
    }

    /// Weights with larger scales where the bias, divided by the accumulator's scale, would come near the end of int32:
    /// channels whose weights are next to nothing have such scales. nil where all are large enough.
    static func widened(
        _ quantized: QuantizedWeights, of weights: Tensor, activation: QuantizationParameters, bias: Tensor
    ) -> QuantizedWeights? {
        var parameters = quantized.parameters
        guard parameters.zeroPoints.allSatisfy({ $0 == 0 }) else { return nil }
        let values = bias.array(of: Float.self).map(abs)
        guard parameters.scales.count == 1 || parameters.scales.count == values.count else { return nil }
        var isChanged = false
        for channel in parameters.scales.indices {
            let largest = parameters.scales.count == 1 ? values.max() ?? 0 : values[channel]
            let least = largest / Float(1 << 30) / activation.scales[0]
            if least.isFinite, parameters.scales[channel] < least {
                parameters.scales[channel] = least
                isChanged = true
            }
        }
        guard isChanged else { return nil }
        return QuantizedWeights(values: integers(weights, parameters: parameters), parameters: parameters)
    }

    /// The integers for float32 `values` with given parameters.
    static func integers(_ values: Tensor, parameters: QuantizationParameters) -> Tensor {
        values.withSpan(of: Float.self) { source in
            let layout = ChannelLayout(values.shape, axis: parameters.axis)
            return quantize(source, shape: values.shape, layout: layout, parameters: parameters)
        }
    }

    private static func parameters(
        of source: Span<Float>, layout: ChannelLayout, channel: Int, dtype: DType, method: Recipe.WeightScale
    ) -> QuantizationParameters {
        var lower: Float = 0
        var upper: Float = 0
        layout.forEach(channel) { index in
            let value = source[index]
            if value.isFinite {
                lower = min(lower, value)
                upper = max(upper, value)
            }
        }
        func make(_ factor: Float) -> QuantizationParameters {
            guard dtype == .int8 else {
                return AffineParameters.make(lower * factor...upper * factor, dtype: dtype, symmetric: false)
            }
            let scale = max(-lower, upper) * factor / 127
            return QuantizationParameters(
                dtype: dtype, scales: [scale >= .leastNormalMagnitude ? scale : 1], zeroPoints: [0])
        }
        guard method == .squaredError else { return make(1) }
        var best = make(1)
        var least = Double.infinity
        for step in 0...24 {
            let candidate = make(1 - Float(step) / 50)
            var sum: Double = 0
            layout.forEach(channel) { index in
                let error = source[index] - roundTrip(source[index], candidate)
                sum += Double(error * error)
            }
            if sum < least {
                least = sum
                best = candidate
            }
        }
        return best
    }

    private static func roundTrip(_ value: Float, _ parameters: QuantizationParameters) -> Float {
        let zero = Float(parameters.zeroPoints[0])
        return (integer(value, scale: parameters.scales[0], zeroPoint: zero, dtype: parameters.dtype) - zero)
            * parameters.scales[0]
    }

    /// The integer for `value`: divided by the scale, rounded half to even, moved by the zero point, saturated.
    private static func integer(_ value: Float, scale: Float, zeroPoint: Float, dtype: DType) -> Float {
        let isSigned = dtype == .int8
        let rounded = (value / scale).rounded(.toNearestOrEven) + zeroPoint
        // A value that is no number saturates low.
        return min(isSigned ? 127 : 255, max(isSigned ? -128 : 0, rounded.isNaN ? 0 : rounded))
    }

    private static func quantize(
        _ source: Span<Float>, shape: Shape, layout: ChannelLayout, parameters: QuantizationParameters
    ) -> Tensor {
        func fill<Element: TensorElement & FixedWidthInteger>(_ type: Element.Type) -> Tensor {
            Tensor(type, shape: shape) { target in
                for channel in 0..<layout.channels {
                    let scale = parameters.scales[channel]
                    let zeroPoint = Float(parameters.zeroPoints[channel])
                    layout.forEach(channel) { index in
                        target[index] = Element(
                            integer(source[index], scale: scale, zeroPoint: zeroPoint, dtype: parameters.dtype))
                    }
                }
            }
        }
        return parameters.dtype == .int8 ? fill(Int8.self) : fill(UInt8.self)
    }
}

/// How a tensor's elements lie in channels.
struct ChannelLayout {
    let outer: Int
    let channels: Int
    let inner: Int

    /// One channel for the whole tensor where `axis` is nil.
    init(_ shape: Shape, axis: Int?) {
        guard let axis else {
            (outer, channels, inner) = (1, 1, shape.elementCount)
            return
        }
        outer = shape.dimensions[..<axis].reduce(1, *)
        channels = shape[axis]
        inner = shape.dimensions[(axis + 1)...].reduce(1, *)
    }

    /// Calls `body` with the position of each element of `channel`.
    @inline(__always)
    func forEach(_ channel: Int, _ body: (Int) -> Void) {
        for block in 0..<outer {
            let start = (block * channels + channel) * inner
            for index in start..<(start + inner) { body(index) }
        }
    }
}
