internal import QTuneGraph
internal import QTuneTensor

/// Makes up for the mean error of rounded weights: sum((w - w') * mean(x)) goes into the bias.
enum BiasCorrection {
    /// The corrected bias; nil where shapes do not allow it. At the border, where padding is, the correction is the
    /// same as inside.
    static func corrected(
        _ bias: Tensor, node: Node, weights: Tensor, quantized: QuantizedWeights, inputMeans: [Float]
    ) -> Tensor? {
        let shift: [Double]? =
            switch node.opType {
            case "Conv": convolution(node, weights, quantized, inputMeans)
            case "Gemm": product(node, weights, quantized, inputMeans)
            default: nil
            }
        guard let shift, shift.count == bias.count else { return nil }
        let values = bias.array(of: Float.self)
        return Tensor(zip(values, shift).map { Float(Double($0) + $1) }, shape: bias.shape)
    }

    private static func convolution(
        _ node: Node, _ weights: Tensor, _ quantized: QuantizedWeights, _ means: [Float]
    ) -> [Double]? {
        var groups = 1
        if case .int(let value) = node.attributes["group"] { groups = Int(truncatingIfNeeded: value) }
        let outputs = weights.shape[0]
        let inputs = weights.shape[1]
        guard groups > 0, outputs % groups == 0, inputs.multipliedReportingOverflow(by: groups) == (means.count, false)
        else { return nil }
        let window = weights.shape.dimensions[2...].reduce(1, *)
        return differences(weights, quantized) { difference in
            (0..<outputs).map { output in
                let group = output / (outputs / groups)
                var sum = 0.0
                for input in 0..<inputs {
                    let start = (output * inputs + input) * window
                    var error = 0.0
                    for index in start..<(start + window) { error += Double(difference(index)) }
                    sum += error * Double(means[group * inputs + input])
                }
                return sum
            }
        }
    }

    private static func product(
        _ node: Node, _ weights: Tensor, _ quantized: QuantizedWeights, _ means: [Float]
    ) -> [Double]? {
        var isTransposed = false
        if case .int(1) = node.attributes["transB"] { isTransposed = true }
        let outputs = weights.shape[isTransposed ? 0 : 1]
        let inputs = weights.shape[isTransposed ? 1 : 0]
        guard inputs == means.count else { return nil }
        return differences(weights, quantized) { difference in
            (0..<outputs).map { output in
                var sum = 0.0
                for input in 0..<inputs {
                    let index = isTransposed ? output * inputs + input : input * outputs + output
                    sum += Double(difference(index)) * Double(means[input])
                }
                return sum
            }
        }
    }

    /// Calls `body` with a function that gives what rounding took from the weight at an index.
    private static func differences(
        _ weights: Tensor, _ quantized: QuantizedWeights, _ body: (_ difference: (Int) -> Float) -> [Double]
    ) -> [Double]? {
        guard let integers = quantized.values.integers else { return nil }
        let parameters = quantized.parameters
        let layout = ChannelLayout(weights.shape, axis: parameters.axis)
        return weights.withSpan(of: Float.self) { source in
            let values = (0..<source.count).map { source[$0] }
            return body { index in
                let channel = index / layout.inner % layout.channels
                let restored = Float(integers[index] - Int(parameters.zeroPoints[channel])) * parameters.scales[channel]
                return values[index] - restored
            }
        }
    }
}
