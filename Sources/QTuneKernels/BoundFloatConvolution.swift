package import QTuneTensor

/// A float32 convolution of images that lie in the same memory each time.
package final class BoundFloatConvolution: BoundCall, @unchecked Sendable {
    /// nil where there are no results.
    private let work: (any BoundFloatWork)?
    private let pool: ThreadPool
    /// Keep the memory.
    private let kept: (FloatConvolution, input: Tensor, residual: Tensor?, output: Tensor)

    /// The operands are those of `FloatConvolution.run`.
    package init(
        _ convolution: FloatConvolution, _ input: Tensor, padding: Padding2D, residual: Tensor?, into output: Tensor,
        pool: ThreadPool
    ) {
        work = convolution.work(input, padding: padding, residual: residual, into: output)
        (self.pool, kept) = (pool, (convolution, input, residual, output))
    }

    package func run() {
        work?.run(pool: pool)
        extendLifetime(self)
    }
}

/// Work of float32 kernels on operands at addresses that stay. It does not keep the memory.
protocol BoundFloatWork: AnyObject {
    func run(pool: ThreadPool)
}

/// A product for each group of channels.
final class BoundFloatProducts: BoundFloatWork {
    private let gatherer: PatchGatherer
    private let products: [GatheredProduct]

    init(_ gatherer: PatchGatherer, _ products: [GatheredProduct]) {
        (self.gatherer, self.products) = (gatherer, products)
    }

    func run(pool: ThreadPool) {
        gatherer.withPatches(pool: pool) { image in
            for group in products.indices {
                products[group].run(pool: pool) { range, pointers in
                    image.gather(range, channel: group * image.shape.inputChannelsPerGroup, into: pointers)
                }
            }
        }
    }
}

/// Packed weights that write a convolution of images at known addresses.
protocol FloatWeights: Sendable {
    associatedtype Operands

    func run(_ shape: ConvolutionShape, _ operands: Operands, pool: ThreadPool)
}

extension DepthwiseWeights: FloatWeights {}
extension WinogradWeights: FloatWeights {}

/// A convolution that its weights do alone.
final class BoundFloatWeights<Weights: FloatWeights>: BoundFloatWork {
    private let weights: Weights
    private let shape: ConvolutionShape
    private let operands: Weights.Operands

    init(_ weights: Weights, _ shape: ConvolutionShape, _ operands: Weights.Operands) {
        (self.weights, self.shape, self.operands) = (weights, shape, operands)
    }

    func run(pool: ThreadPool) { weights.run(shape, operands, pool: pool) }
}
