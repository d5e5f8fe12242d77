package import QTuneTensor

/// A float32 transposed convolution of volumes, [batch, depth, height, width, channels], with constant weights packed
/// once: each slice of the result is the sum of the transposed convolutions of the slices that reach it.
package final class TransposedVolume: Sendable {
    package let outputChannels: Int
    private let bias: Tensor?
    private let stride: Int
    private let dilation: Int
    /// By the taps along the depth.
    private let slices: [TransposedConvolution]

    /// Packs `weights`, [I, O / groups, depth, height, width].
    /// - Parameter bias: O numbers.
    /// - Throws: `invalidArgument` where types or shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        weights: Tensor, bias: Tensor? = nil, groups: Int = 1, depthStride: Int = 1, depthDilation: Int = 1,
        stride: Extent2D = .one, dilation: Extent2D = .one, tier: CPUTier? = nil
    ) throws {
        let parts = try weights.slicesOfVolumes(depthStride: depthStride, depthDilation: depthDilation)
        self.bias = bias
        (self.stride, self.dilation) = (depthStride, depthDilation)
        slices = try parts.map {
            try TransposedConvolution(weights: $0, groups: groups, stride: stride, dilation: dilation, tier: tier)
        }
        outputChannels = slices[0].outputChannels
    }

    /// Writes `transposed convolution + bias` into `output`, whose lengths say where the volume is cut off.
    /// - Parameters:
    ///   - front: slices that are cut off before the first of the output.
    ///   - top: rows that are cut off before the first of each slice.
    ///   - left: columns that are cut off before the first of each row.
    /// - Precondition: `input` and `output` are volumes with as many channels as the weights say.
    package func run(_ input: Tensor, front: Int, top: Int, left: Int, into output: Tensor, pool: ThreadPool) {
        precondition(input.shape.rank == 5 && output.shape.rank == 5, "\(input.shape) into \(output.shape)")
        let depth = input.shape[1]
        let image = Shape([1] + input.shape.dimensions[2...])
        let result = Shape([1] + output.shape.dimensions[2...])
        let more = Tensor(uninitialized: .float32, shape: result)
        for index in 0..<output.shape[0] * output.shape[1] {
            let target = output.part(index, result)
            let (volume, place) = index.quotientAndRemainder(dividingBy: output.shape[1])
            var isFirst = true
            for (tap, slice) in slices.enumerated() {
                let (source, rest) = (place + front - tap * dilation).quotientAndRemainder(dividingBy: stride)
                guard rest == 0, (0..<depth).contains(source) else { continue }
                slice.run(
                    input.part(volume * depth + source, image), top: top, left: left, into: isFirst ? target : more,
                    pool: pool)
                if !isFirst { Elementwise.binary(.add, target, more, into: target, pool: pool) }
                isFirst = false
            }
            if isFirst {
                target.withMutableSpan(of: Float.self) { for index in $0.indices { $0[index] = 0 } }
            }
        }
        if let bias { Elementwise.binary(.add, output, bias, into: output, pool: pool) }
    }
}
