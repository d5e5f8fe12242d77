import QTuneGraph
import QTuneTensor

/// The mean under a window of a quantized tensor: the exact sum of `x - zeroPoint`, times `scale / (resultScale *
/// count)`. Operands: x, scale, zero point; scale and zero point of the result.
struct QLinearAveragePool: Operator {
    static let name = "QLinearAveragePool"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let attributes: WindowAttributes
    private let countsPadding: Bool
    private let channelsLast: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 4...5)
        attributes = try WindowAttributes(node, mayRoundUp: true)
        _ = try node.required("kernel_shape", attributes.kernel)
        countsPadding = try node.int("count_include_pad") ?? 0 != 0
        channelsLast = try node.int("channels_last") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = InferredValue.tensor(
            context[0].dtype, channelsLast ? context[0].dimensions?.channelsFirst : context[0].dimensions)
        let pooled = try PoolShape.inferOutput(input, attributes)
        return [.tensor(pooled.dtype, channelsLast ? pooled.dimensions?.channelsLast : pooled.dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let x = try QuantizedOperand(context, 0)
        let result = try QuantizedResult(context, 3, fallback: x.tensor.dtype)
        let lengths = x.tensor.shape.dimensions
        let shape = try PoolShape(channelsLast ? Shape(lengths.channelsFirst) : x.tensor.shape, attributes)
        try MemoryLimit.check(.int32, shape.output)
        let window = shape.window
        let channels = lengths.isEmpty ? 0 : channelsLast ? lengths[lengths.count - 1] : lengths[1]
        let values = try x.tensor.smallIntegers().map { $0 - x.zeroPoint }
        // Elements of a plane are `step` apart, and so are those of the result's.
        let step = channelsLast ? channels : 1
        var integers = [Int32](repeating: 0, count: shape.output.elementCount)
        for plane in 0..<(integers.isEmpty ? 0 : shape.planes) {
            let (source, target) =
                channelsLast
                ? (
                    plane / channels * window.inputCount * channels + plane % channels,
                    plane / channels * window.outputCount * channels + plane % channels
                )
                : (plane * window.inputCount, plane * window.outputCount)
            window.forEachPosition { number, position in
                var sum: Int32 = 0
                var count = 0
                window.forEachElement(at: position) { element in
                    sum &+= values[source + element * step]
                    count += 1
                }
                if countsPadding { count = window.paddedTapCount(at: position) }
                integers[target + number * step] = result.round(
                    Float(sum) * (x.scale / (result.scale * Float(max(1, count)))))
            }
        }
        let output = channelsLast ? Shape(shape.output.dimensions.channelsLast) : shape.output
        return [try result.makeOutput(context, output, integers)]
    }
}

/// The mean of each plane of a quantized tensor.
struct QLinearGlobalAveragePool: Operator {
    static let name = "QLinearGlobalAveragePool"
    static let domain = "com.microsoft"
    static let versions = [1]

    private let channelsLast: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 4...5)
        channelsLast = try node.int("channels_last") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = context[0].dimensions.map { dimensions in
            dimensions.indices.map { isSpatial($0, rank: dimensions.count) ? .fixed(1) : dimensions[$0] }
        }
        return [.tensor(context[0].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let x = try QuantizedOperand(context, 0)
        let result = try QuantizedResult(context, 3, fallback: x.tensor.dtype)
        let shape = x.tensor.shape
        guard shape.rank >= 3, shape.elementCount > 0 else {
            throw QTuneError(.invalidInput, "QLinearGlobalAveragePool of \(shape)")
        }
        let runs = AxisRuns(shape, axes: channelsLast ? 1..<shape.rank - 1 : 2..<shape.rank)
        let values = try x.tensor.smallIntegers().map { $0 - x.zeroPoint }
        let ratio = x.scale / (result.scale * Float(runs.length))
        var integers: [Int32] = []
        runs.forEachRun { start in
            var sum: Int32 = 0
            for index in 0..<runs.length { sum &+= values[start + index * runs.inner] }
            integers.append(result.round(Float(sum) * ratio))
        }
        let output = Shape((0..<shape.rank).map { isSpatial($0, rank: shape.rank) ? 1 : shape[$0] })
        return [try result.makeOutput(context, output, integers)]
    }

    private func isSpatial(_ axis: Int, rank: Int) -> Bool {
        channelsLast ? axis >= 1 && axis < rank - 1 : axis >= 2
    }
}

extension Array {
    /// [batch, spatial..., channels] as [batch, channels, spatial...].
    var channelsFirst: [Element] { count < 3 ? self : [self[0], self[count - 1]] + self[1..<count - 1] }
    /// [batch, channels, spatial...] as [batch, spatial..., channels].
    var channelsLast: [Element] { count < 3 ? self : [self[0]] + self[2...] + [self[1]] }
}
