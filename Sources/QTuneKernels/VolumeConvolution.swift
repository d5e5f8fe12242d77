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
        let parts = try weights.slicesOfVolumes(depthStride: depthStride, depthDilation: depthDilation)
        outputChannels = weights.shape[0]
        self.bias = bias?.array(of: Float.self) ?? [Float](repeating: 0, count: weights.shape[0])
        (self.stride, self.dilation) = (depthStride, depthDilation)
        slices = try parts.enumerated().map { tap, part in
            try FloatConvolution(
                weights: part, bias: tap == parts.count / 2 ? bias : nil, groups: groups, stride: stride,
                dilation: dilation, tier: tier)
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
    /// These weights of volumes, [.., .., depth, height, width], as those of slices, [.., .., height, width], one for
    /// each tap along the depth.
    /// - Throws: `invalidArgument` where these are not such weights, or a step along the depth is not positive.
    func slicesOfVolumes(depthStride: Int, depthDilation: Int) throws -> [Tensor] {
        guard dtype == .float32, shape.rank == 5, count > 0, min(depthStride, depthDilation) > 0 else {
            throw QTuneError(
                .invalidArgument,
                "weights of volumes are float32 [.., .., D, H, W] with steps of 1 at least, not "
                    + "\(dtype) \(shape) with steps \(depthStride) and \(depthDilation)")
        }
        let depthFirst = Tensor(uninitialized: .float32, shape: Shape([2, 0, 1, 3, 4].map { shape[$0] }))
        Layout.transpose(self, permutation: [2, 0, 1, 3, 4], into: depthFirst, pool: ThreadPool.shared(threads: 1))
        let slice = Shape(Array(depthFirst.shape.dimensions[1...]))
        return (0..<shape[2]).map { depthFirst.part($0, slice) }
    }

    /// Of the parts of `shape` that follow one another, number `index`, in the memory of all of them.
    func part(_ index: Int, _ shape: Shape) -> Tensor {
        guard let storage else { preconditionFailure("a tensor of strings has no parts in memory") }
        let bytes = shape.elementCount * dtype.bitWidth / 8
        return Tensor(
            dtype: dtype, shape: shape,
            storage: TensorStorage(slicing: storage, offset: index * bytes, byteCount: bytes))
    }
}
