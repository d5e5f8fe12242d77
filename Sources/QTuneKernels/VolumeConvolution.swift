package import QTuneTensor

/// A float32 convolution of volumes, [batch, depth, height, width, channels], with constant weights packed once: each
/// slice of the result is the sum of the convolutions of the slices that its window covers.
package final class VolumeConvolution: Sendable {
    package let outputChannels: Int
    private let bias: [Float]
    private let stride: Int
    private let dilation: Int
    /// By the taps along the depth. The middle one brings the bias.
    private let slices: [FloatConvolution]

    /// Packs `weights`, [O, I / groups, depth, height, width].
    /// - Parameter bias: O numbers.
    /// - Throws: `invalidArgument` where types or shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        weights: Tensor, bias: Tensor? = nil, groups: Int = 1, depthStride: Int = 1, depthDilation: Int = 1,
        stride: Extent2D = .one, dilation: Extent2D = .one, tier: CPUTier? = nil
    ) throws {
        let shape = weights.shape
        guard weights.dtype == .float32, shape.rank == 5, weights.count > 0, min(depthStride, depthDilation) > 0 else {
            throw QTuneError(
                .invalidArgument, "weights of volumes are float32 [O, I, D, H, W], not \(weights.dtype) \(shape)")
        }
        outputChannels = shape[0]
        self.bias = bias?.array(of: Float.self) ?? [Float](repeating: 0, count: shape[0])
        (self.stride, self.dilation) = (depthStride, depthDilation)
        let parts = weights.depthFirst()
        slices = try (0..<shape[2]).map { tap in
            try FloatConvolution(
                weights: parts.part(tap, Shape(Array(parts.shape.dimensions[1...]))),
                bias: tap == shape[2] / 2 ? bias : nil, groups: groups,
                stride: stride, dilation: dilation, tier: tier)
        }
    }

    /// Writes `convolution + bias` into `output`. Padding holds zeros.
    /// - Parameter depthPadding: slices of zeros before the first.
    /// - Precondition: `input` and `output` are volumes of the shapes that the weights and the padding say.
    package func run(
        _ input: Tensor, depthPadding: Int, padding: Padding2D = .none, into output: Tensor, pool: ThreadPool
    ) {
        precondition(input.shape.rank == 5 && output.shape.rank == 5, "\(input.shape) into \(output.shape)")
        let (batch, depth) = (input.shape[0], input.shape[1])
        let middle = slices.count / 2
        let image = Shape([1] + input.shape.dimensions[2...])
        let result = Shape([1] + output.shape.dimensions[2...])
        for index in 0..<batch * output.shape[1] {
            let target = output.part(index, result)
            let (volume, place) = index.quotientAndRemainder(dividingBy: output.shape[1])
            let taps = slices.indices.filter { (0..<depth).contains(place * stride - depthPadding + $0 * dilation) }
            if !taps.contains(middle) { fill(target) }
            for tap in taps.filter({ $0 == middle }) + taps.filter({ $0 != middle }) {
                let slice = volume * depth + place * stride - depthPadding + tap * dilation
                slices[tap].run(
                    input.part(slice, image), padding: padding, residual: tap == middle ? nil : target,
                    into: target, pool: pool)
            }
        }
    }

    private func fill(_ target: Tensor) {
        target.withMutableSpan(of: Float.self) { target in
            for index in target.indices { target[index] = bias[index % outputChannels] }
        }
    }
}

extension Tensor {
    /// Weights [.., .., depth, height, width] with the depth in front.
    func depthFirst() -> Tensor {
        let parts = Tensor(uninitialized: .float32, shape: Shape([2, 0, 1, 3, 4].map { shape[$0] }))
        Layout.transpose(self, permutation: [2, 0, 1, 3, 4], into: parts, pool: ThreadPool.shared(threads: 1))
        return parts
    }

    /// Of the parts of `shape` that follow one another in memory, number `index`.
    func part(_ index: Int, _ shape: Shape) -> Tensor {
        guard let storage else { preconditionFailure("a tensor of strings has no parts in memory") }
        let bytes = shape.elementCount * dtype.bitWidth / 8
        return Tensor(
            dtype: dtype, shape: shape,
            storage: TensorStorage(slicing: storage, offset: index * bytes, byteCount: bytes))
    }
}
