import QTuneKernels
import QTuneTensor

extension Tensor {
    var floats: [Float] { array(of: Float.self) }

    /// A tensor of quiet NaNs, so that an element that a kernel forgets shows.
    static func poisoned(_ shape: Shape) -> Tensor {
        Tensor([Float](repeating: .nan, count: shape.elementCount), shape: shape)
    }
}

/// The largest distance between results and what they should be, over 1 or the expected magnitude.
func largestError(_ results: [Float], _ expected: [Double]) -> Double {
    guard results.count == expected.count else { return .infinity }
    return zip(results, expected).reduce(0) { worst, pair in
        let (result, expected) = (Double(pair.0), pair.1)
        if result == expected || (result.isNaN && expected.isNaN) { return worst }
        let error = abs(result - expected) / max(1, abs(expected))
        return error.isNaN ? .infinity : max(worst, error)
    }
}

/// The largest distance between results and what they should be, over the largest expected magnitude.
func errorOfLargest(_ results: [Float], _ expected: [Double]) -> Double {
    guard results.count == expected.count else { return .infinity }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    return zip(results, expected).reduce(0) { worst, pair in
        let error = abs(Double(pair.0) - pair.1) / largest
        return error.isNaN ? .infinity : max(worst, error)
    }
}

/// A convolution of NHWC images, term by term in double precision; [O, I / groups, H, W] weights.
func referenceConvolution(
    _ input: Tensor, _ weights: Tensor, bias: Tensor?, residual: Tensor?, shape: ConvolutionShape,
    activation: (Double) -> Double
) -> [Double] {
    let (x, w) = (input.floats, weights.floats)
    let (inputs, outputs) = (shape.inputChannelsPerGroup, shape.outputChannelsPerGroup)
    var results: [Double] = []
    for batch in 0..<shape.batch {
        for row in 0..<shape.outputHeight {
            for column in 0..<shape.outputWidth {
                for channel in 0..<shape.outputChannels {
                    var sum = bias.map { Double($0.floats[channel]) } ?? 0
                    for ky in 0..<shape.kernel.height {
                        for kx in 0..<shape.kernel.width {
                            let iy = row * shape.stride.height - shape.padding.top + ky * shape.dilation.height
                            let ix = column * shape.stride.width - shape.padding.left + kx * shape.dilation.width
                            guard (0..<shape.inputHeight).contains(iy), (0..<shape.inputWidth).contains(ix) else {
                                continue
                            }
                            let pixel = (batch * shape.inputHeight + iy) * shape.inputWidth + ix
                            for i in 0..<inputs {
                                let tap = ((channel * inputs + i) * shape.kernel.height + ky) * shape.kernel.width + kx
                                let source = pixel * shape.inputChannels + channel / outputs * inputs + i
                                sum += Double(x[source]) * Double(w[tap])
                            }
                        }
                    }
                    results.append(sum)
                }
            }
        }
    }
    if let residual { results = zip(results, residual.floats).map { $0 + Double($1) } }
    return results.map(activation)
}
