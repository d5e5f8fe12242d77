package import QTuneKernels
import QTuneTensor

/// A float32 convolution over one to three spatial axes by the packed kernels, which take channels last: layouts are
/// changed on the way in and out.
struct PackedConvolution: Sendable {
    private enum Kernel: Sendable {
        case images(FloatConvolution)
        case volumes(VolumeConvolution)
    }

    private let kernel: Kernel
    private let outputChannels: Int

    /// Packs float32 weights [O, I / groups, taps...] over one to three axes.
    init(_ weights: Tensor, _ bias: Tensor?, groups: Int, _ attributes: WindowAttributes) throws {
        let lengths = weights.shape.dimensions
        let bias = bias?.reshaped(to: [lengths[0]])
        outputChannels = lengths[0]
        if lengths.count == 5 {
            kernel = .volumes(
                try VolumeConvolution(
                    weights: weights, bias: bias, groups: groups, depthStride: attributes.strides?.first ?? 1,
                    depthDilation: attributes.dilations?.first ?? 1, stride: Extent2D(lastOf: attributes.strides),
                    dilation: Extent2D(lastOf: attributes.dilations)))
        } else {
            kernel = .images(
                try FloatConvolution(
                    weights: weights.asImages(), bias: bias, groups: groups,
                    stride: Extent2D(lastOf: attributes.strides), dilation: Extent2D(lastOf: attributes.dilations)))
        }
    }

    /// - Precondition: `input` and `output` are the float32 [batch, channels, spatial...] that `window` was made for.
    func run(_ input: Tensor, _ window: Window, into output: Tensor, pool: ThreadPool) {
        let (slices, rows, columns) = window.cube
        let padding = Padding2D(
            top: rows.padBefore, left: columns.padBefore, bottom: rows.padAfter, right: columns.padAfter)
        switch kernel {
        case .images(let kernel):
            input.withChannelsLast(into: output, axes: 2, pool: pool) { image, result in
                kernel.run(image, padding: padding, into: result, pool: pool)
            }
        case .volumes(let kernel):
            input.withChannelsLast(into: output, axes: 3, pool: pool) { volume, result in
                kernel.run(volume, depthPadding: slices.padBefore, padding: padding, into: result, pool: pool)
            }
        }
    }
}

/// A float32 transposed convolution over one to three spatial axes by the packed kernels, with layouts changed as well.
struct PackedTransposition: Sendable {
    private enum Kernel: Sendable {
        case images(TransposedConvolution)
        case volumes(TransposedVolume)
    }

    private let kernel: Kernel

    /// Packs float32 weights [I, O / groups, taps...] over one to three axes.
    init(_ weights: Tensor, _ bias: Tensor?, _ attributes: TransposedAttributes) throws {
        let window = attributes.window
        let bias = bias.map { $0.reshaped(to: [$0.count]) }
        let (stride, dilation) = (Extent2D(lastOf: window.strides), Extent2D(lastOf: window.dilations))
        if weights.shape.rank == 5 {
            kernel = .volumes(
                try TransposedVolume(
                    weights: weights, bias: bias, groups: attributes.groups, depthStride: window.strides?.first ?? 1,
                    depthDilation: window.dilations?.first ?? 1, stride: stride, dilation: dilation))
        } else {
            kernel = .images(
                try TransposedConvolution(
                    weights: weights.asImages(), bias: bias, groups: attributes.groups, stride: stride,
                    dilation: dilation))
        }
    }

    /// - Parameter window: that of the convolution that this one undoes.
    /// - Precondition: `input` and `output` are the float32 [batch, channels, spatial...] that `window` was made for.
    func run(_ input: Tensor, _ window: Window, into output: Tensor, pool: ThreadPool) {
        let (slices, rows, columns) = window.cube
        switch kernel {
        case .images(let kernel):
            input.withChannelsLast(into: output, axes: 2, pool: pool) { image, result in
                kernel.run(image, top: rows.padBefore, left: columns.padBefore, into: result, pool: pool)
            }
        case .volumes(let kernel):
            input.withChannelsLast(into: output, axes: 3, pool: pool) { volume, result in
                kernel.run(
                    volume, front: slices.padBefore, top: rows.padBefore, left: columns.padBefore, into: result,
                    pool: pool)
            }
        }
    }
}

extension Extent2D {
    /// The last two of the lengths along spatial axes; 1 where there are none.
    package init(lastOf lengths: [Int]?) {
        let two = Array(([1, 1] + (lengths ?? [1, 1])).suffix(2))
        self.init(height: two[0], width: two[1])
    }
}

extension Tensor {
    /// This [batch, channels, spatial...] with one spatial axis, as one with two; others as they are.
    func asImages() -> Tensor {
        shape.rank == 3 ? reshaped(to: [shape[0], shape[1], 1, shape[2]]) : self
    }

    /// Calls `body` with this [batch, channels, spatial...] in the order [batch, spatial..., channels], and with a
    /// tensor of that order that is moved to `output` afterwards.
    /// - Parameter axes: spatial axes that `body` takes; a missing one is put in front.
    func withChannelsLast(
        into output: Tensor, axes: Int, pool: ThreadPool, _ body: (_ input: Tensor, _ result: Tensor) -> Void
    ) {
        func padded(_ tensor: Tensor) -> Tensor {
            let lengths = tensor.shape.dimensions
            let missing = [Int](repeating: 1, count: max(0, axes + 2 - lengths.count))
            return tensor.reshaped(to: Shape(lengths[..<2] + missing + lengths[2...]))
        }
        func lastShape(_ shape: Shape) -> Shape { Shape([shape[0]] + shape.dimensions[2...] + [shape[1]]) }
        let (source, target) = (padded(self), padded(output))
        let image = Tensor(uninitialized: dtype, shape: lastShape(source.shape))
        Layout.transpose(source, permutation: [0] + Array(2..<axes + 2) + [1], into: image, pool: pool)
        let result = Tensor(uninitialized: dtype, shape: lastShape(target.shape))
        body(image, result)
        Layout.transpose(result, permutation: [0, axes + 1] + Array(1...axes), into: target, pool: pool)
    }
}
