internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// A real value that a DequantizeLinear makes: the integers behind it and what they mean.
struct QuantizedValue {
    let integers: String
    let parameters: QuantizationParameters
}

/// A QuantizeLinear, and the activations before it that are clamps of its integers.
struct Quantizer {
    let node: Node
    let parameters: QuantizationParameters
    let clamp: ClosedRange<Int32>?
    /// The real value before the clamps.
    let source: String
}

extension Rewriting {
    /// The integers behind `value`, which has one scale and is of 8 bits; nil where it has none.
    func quantized(_ value: String) -> QuantizedValue? {
        guard let id = editor.producer(of: value), let node = editor[id], node.qualifiedType == "DequantizeLinear",
            let parameters = perTensorParameters(node, dtype: self.value(node.inputs[0]).dtype)
        else { return nil }
        return QuantizedValue(integers: node.inputs[0], parameters: parameters)
    }

    /// The parameters of a QuantizeLinear or DequantizeLinear with one constant scale and 8-bit integers.
    func perTensorParameters(_ node: Node, dtype: DType?) -> QuantizationParameters? {
        guard node.inputs.count >= 2, let scale = constant(node, 1), scale.dtype == .float32, scale.count == 1 else {
            return nil
        }
        var zeroPoint = 0
        var type = dtype
        if node.inputs.count > 2, !node.inputs[2].isEmpty {
            guard let tensor = constant(node, 2), tensor.count == 1, let number = tensor.integers?.first else {
                return nil
            }
            (zeroPoint, type) = (number, tensor.dtype)
        }
        guard let type, type == .uint8 || type == .int8, let real = scale.array(of: Float.self).first, real > 0 else {
            return nil
        }
        return QuantizationParameters(dtype: type, scales: [real], zeroPoints: [Int32(zeroPoint)])
    }

    /// `node` as a quantizer of 8-bit integers with one scale. The Relu and Clip nodes before it that serve nobody
    /// else are taken along as a clamp: quantizing is monotone, so clamping its integers gives the same.
    func quantizer(_ node: Node) -> Quantizer? {
        guard node.qualifiedType == "QuantizeLinear", node.int("output_dtype") ?? 0 == 0 || node.inputs.count > 2,
            let parameters = perTensorParameters(node, dtype: value(node.outputs[0]).dtype)
        else { return nil }
        var source = node.inputs[0]
        var clamp: ClosedRange<Int32>?
        while let (_, activation) = soleProducer(of: source), ["Relu", "Clip"].contains(activation.qualifiedType),
            case .clamp(let lower, let upper)? = ActivationAttributes.activation(of: activation, self)
        {
            let (low, high) = (parameters.integer(lower), parameters.integer(upper))
            // The outer clamp, seen first, has the last word.
            let inner = low...max(low, high)
            clamp = clamp.map { inner.clamped(to: $0) } ?? inner
            source = activation.inputs[0]
        }
        return Quantizer(node: node, parameters: parameters, clamp: clamp, source: source)
    }
}

extension QuantizationParameters {
    /// The integer that stands for `value`, by the rules of QuantizeLinear.
    func integer(_ value: Float) -> Int32 {
        let range = dtype.integerRange ?? 0...255
        let scaled = (value / scales[0]).rounded(.toNearestOrEven) + Float(zeroPoints[0])
        if scaled.isNaN || scaled <= Float(range.lowerBound) { return Int32(clamping: range.lowerBound) }
        return scaled >= Float(range.upperBound) ? Int32(clamping: range.upperBound) : Int32(scaled)
    }
}

/// Constant integer weights with one scale, or one for each channel.
struct QuantizedWeights {
    let integers: String
    let tensor: Tensor
    let quantization: WeightQuantization
}

extension Rewriting {
    /// The integers behind `value` where they are constant and of 8 bits, with scales for the tensor or along `axis`.
    func quantizedWeights(_ value: String, channelAxis axis: Int) -> QuantizedWeights? {
        guard let id = editor.producer(of: value), let node = editor[id], node.qualifiedType == "DequantizeLinear",
            let tensor = constant(node, 0), tensor.dtype == .int8 || tensor.dtype == .uint8,
            let scale = constant(node, 1), scale.dtype == .float32, scale.count > 0, node.int("block_size") ?? 0 == 0
        else { return nil }
        let scales = scale.array(of: Float.self)
        if scales.count > 1 {
            guard tensor.shape.normalizedAxis(Int(node.int("axis") ?? 1)) == axis, tensor.shape[axis] == scales.count
            else {
                return nil
            }
        }
        var zeroPoints = [Int32](repeating: 0, count: scales.count)
        if node.inputs.count > 2, !node.inputs[2].isEmpty {
            guard let points = constant(node, 2)?.integers, points.count == scales.count else { return nil }
            zeroPoints = points.map { Int32(clamping: $0) }
        }
        return QuantizedWeights(
            integers: node.inputs[0], tensor: tensor,
            quantization: WeightQuantization(scales: scales, zeroPoints: zeroPoints))
    }

    /// How a bias enters integer sums of `channels` channels and those scales.
    func integerBias(_ value: String, sumScales: [Float], channels: Int) -> BiasForm? {
        if let constant = editor.constant(value) {
            guard constant.dtype == .float32, constant.count == channels, constant.shape.dimensions.last == channels
            else {
                return nil
            }
            return .real(value)
        }
        guard let id = editor.producer(of: value), let node = editor[id], node.qualifiedType == "DequantizeLinear",
            let integers = constant(node, 0), integers.dtype == .int32, integers.count == channels,
            integers.shape.dimensions.last == channels,
            let scale = constant(node, 1), scale.dtype == .float32,
            node.inputs.count < 3 || node.inputs[2].isEmpty
                || constant(node, 2)?.integers?.allSatisfy({ $0 == 0 }) == true
        else { return nil }
        let scales = scale.array(of: Float.self)
        guard scales.count == 1 || scales.count == channels else { return nil }
        for channel in 0..<channels {
            let given = scales[scales.count == 1 ? 0 : channel]
            let needed = sumScales[sumScales.count == 1 ? 0 : channel]
            // The product of two float32 scales, however it was rounded on the way.
            guard abs(given - needed) <= needed * 1e-6 else { return nil }
        }
        return .sums(node.inputs[0])
    }
}

/// A bias as integer kernels take it.
enum BiasForm {
    /// int32, in units of the sums.
    case sums(String)
    /// float32, which only real results can take.
    case real(String)
}
