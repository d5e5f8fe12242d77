import QTuneGraph
import QTuneTensor

/// The checked shapes of a convolution: input [batch, channels, spatial...], weights [outputs, channels / groups,
/// taps...].
struct ConvolutionOperands {
    let batch: Int
    let inputChannels: Int
    let outputChannels: Int
    let groups: Int
    let window: Window
    let output: Shape

    init(input: Shape, weights: Shape, bias: Shape?, groups: Int, _ attributes: WindowAttributes) throws {
        guard input.rank >= 3, weights.rank == input.rank else {
            throw QTuneError(
                .invalidInput,
                "a convolution takes [batch, channels, spatial...] and weights of as many axes, "
                    + "not \(input) and \(weights)")
        }
        guard groups > 0, input[1].isMultiple(of: groups), weights[0].isMultiple(of: groups),
            weights[1] == input[1] / groups
        else {
            throw QTuneError(
                .invalidInput, "\(groups) groups of weights \(weights) do not fit an input of \(input[1]) channels")
        }
        guard bias.map({ $0.elementCount == weights[0] }) ?? true else {
            throw QTuneError(.invalidInput, "a bias of \(bias ?? .scalar) for \(weights[0]) output channels")
        }
        window = try attributes.window(
            kernel: Array(weights.dimensions.dropFirst(2)), input: Array(input.dimensions.dropFirst(2)))
        batch = input[0]
        inputChannels = input[1]
        outputChannels = weights[0]
        self.groups = groups
        guard let output = Shape(checking: [batch, outputChannels] + window.output) else {
            throw QTuneError(.invalidInput, "the convolved shape of \(input) is too large")
        }
        self.output = output
    }

    /// What is known of a convolution's output before the network runs.
    static func inferOutput(
        _ dtype: DType?, input: InferredValue, weights: InferredValue, _ attributes: WindowAttributes
    ) throws -> InferredValue {
        guard let dimensions = input.dimensions else {
            guard let kernel = weights.dimensions else { return .tensor(dtype, nil) }
            return .tensor(dtype, kernel.map { _ in .unknown })
        }
        guard dimensions.count >= 3, weights.rank ?? dimensions.count == dimensions.count else {
            throw QTuneError(.invalidInput, "a convolution of \(dimensions) with weights \(weights.dimensions ?? [])")
        }
        let taps = weights.dimensions?.dropFirst(2).compactMap(\.value)
        let kernel = taps.flatMap { $0.count == dimensions.count - 2 ? $0 : nil }
        let spatial = try attributes.outputDimensions(kernel: kernel, input: Array(dimensions.dropFirst(2)))
        return .tensor(dtype, [dimensions[0], weights.dimensions?[0] ?? .unknown] + spatial)
    }

    /// Adds the convolution of `input` with `weights` to `output`, tap by tap. Any element type, any number of axes up
    /// to three; slow next to the packed kernels.
    func accumulate<Element: MultiplyAccumulate>(
        _ input: Span<Element>, _ weights: Span<Element>, into output: inout MutableSpan<Element>
    ) {
        let (a, b, c) = window.cube
        let (inputPlane, outputPlane) = (window.inputCount, window.outputCount)
        let (groupInputs, groupOutputs) = (inputChannels / groups, outputChannels / groups)
        for image in 0..<batch {
            for outputChannel in 0..<outputChannels {
                let target = (image * outputChannels + outputChannel) * outputPlane
                let firstInput = outputChannel / groupOutputs * groupInputs
                var weight = outputChannel * groupInputs * window.kernelCount
                for channel in firstInput..<firstInput + groupInputs {
                    let source = (image * inputChannels + channel) * inputPlane
                    for i in 0..<a.kernel {
                        for j in 0..<b.kernel {
                            for k in 0..<c.kernel {
                                let factor = weights[weight]
                                weight += 1
                                let columns = c.positions(ofTap: k)
                                let firstColumn = k * c.dilation - c.padBefore
                                for p in a.positions(ofTap: i) {
                                    let depth = (p * a.stride + i * a.dilation - a.padBefore) * b.input
                                    for q in b.positions(ofTap: j) {
                                        let row = (depth + q * b.stride + j * b.dilation - b.padBefore) * c.input
                                        let from = source + row + firstColumn
                                        let to = target + (p * b.output + q) * c.output
                                        for r in columns {
                                            output[to + r] = output[to + r].adding(
                                                factor, times: input[from + r * c.stride])
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
