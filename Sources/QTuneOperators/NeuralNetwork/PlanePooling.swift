import QTuneGraph
import QTuneKernels
import QTuneTensor

/// What pools share: operands of [batch, channels, spatial...] and a window that slides over each plane.
struct PoolShape {
    let window: Window
    /// Planes of the input and of the output: batch times channels.
    let planes: Int
    let output: Shape

    /// The shapes of pooling a tensor of `input`.
    init(_ input: Shape, _ attributes: WindowAttributes) throws {
        guard input.rank >= 3, let kernel = attributes.kernel else {
            throw QTuneError(.invalidInput, "a pool takes [batch, channels, spatial...], not \(input)")
        }
        window = try attributes.window(kernel: kernel, input: Array(input.dimensions.dropFirst(2)))
        planes = input[0] * input[1]
        guard let output = Shape(checking: Array(input.dimensions.prefix(2)) + window.output) else {
            throw QTuneError(.invalidInput, "the pooled shape of \(input) is too large")
        }
        self.output = output
    }

    /// What is known of a pool's output before the network runs.
    static func inferOutput(_ input: InferredValue, _ attributes: WindowAttributes) throws -> InferredValue {
        guard let dimensions = input.dimensions else { return .tensor(input.dtype, nil) }
        guard dimensions.count >= 3 else {
            throw QTuneError(.invalidInput, "a pool takes [batch, channels, spatial...], not \(dimensions)")
        }
        let spatial = try attributes.outputDimensions(kernel: nil, input: Array(dimensions.dropFirst(2)))
        return .tensor(input.dtype, Array(dimensions.prefix(2)) + spatial)
    }

    /// Writes to each element of a float32 `output` what `function` makes of a position of the window, by the kernels.
    /// Gives false, and writes nothing, where they do not serve the window.
    /// - Parameter counts: as `PlaneWindows.reduce` takes them.
    func reduce(
        _ function: Reduction.Function, _ input: Tensor, counts: [[Int]]? = nil, into output: Tensor, pool: ThreadPool
    ) -> Bool {
        let axes = window.axes.map {
            PlaneAxis(
                input: $0.input, output: $0.output, kernel: $0.kernel, stride: $0.stride, dilation: $0.dilation,
                padding: $0.padBefore)
        }
        guard let last = axes.last, PlaneWindows.serves(last), input.count > 0 else { return false }
        PlaneWindows.reduce(function, input, axes: axes, counts: counts, into: output, pool: pool)
        return true
    }

    /// Writes to each element of `output` what `reduce` makes of a plane and a position of the window.
    /// `reduce` gets the elements of the input and the index of the plane's first.
    func pool<Element: TensorElement>(
        _ input: Tensor, into output: Tensor,
        _ reduce: (_ elements: Span<Element>, _ planeStart: Int, _ position: Window.Position) -> Element
    ) {
        let inputCount = window.inputCount
        let outputCount = window.outputCount
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                for plane in 0..<planes {
                    window.forEachPosition { number, position in
                        target[plane * outputCount + number] = reduce(source, plane * inputCount, position)
                    }
                }
            }
        }
    }
}
