internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Lets an integer convolution keep only the largest of its results under each place of the window of a MaxPool, while
/// they are in a cache. The results are those of the two nodes to the bit, and so is the range that the convolution
/// may be asked for, which it takes of what is left.
struct PoolingFusion: Pass {
    let name = "fuse-pooling"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let pool = rewriting.editor[id],
                [MaxPool2D.name, QuantizedMaxPool2D.name].map({ "qtune.\($0)" }).contains(pool.qualifiedType),
                let producer = rewriting.editor.producer(of: pool.inputs[0]),
                let convolution = rewriting.editor[producer],
                convolution.qualifiedType == "qtune.\(IntegerConv2D.name)"
            else { continue }
            if let reason = try Self.hindrance(to: pool, of: convolution, rewriting) {
                rewriting.refuse(pool, reason)
                continue
            }
            var fused = convolution
            ResultPooling.write(pool, to: &fused)
            fused.outputs = pool.outputs
            rewriting.editor.remove(producer)
            rewriting.editor.replace(id, with: fused)
            rewriting.matched(pool)
        }
    }

    /// Bytes of an image up to which all of it is in a core's cache still when it is pooled. What is computed in bands
    /// gains nothing then, and threads may compute rows twice that lie under windows of two of them.
    private static let mostCached = 1 << 20

    private static func hindrance(
        to pool: Node, of convolution: Node, _ rewriting: Rewriting
    ) throws -> String? {
        guard rewriting.soleProducer(of: pool.inputs[0]) != nil, convolution.outputs.count == 1 else {
            return "what the convolution makes is used elsewhere, too"
        }
        guard convolution.int(ImageOrder.attribute) == 1,
            pool.qualifiedType == "qtune.\(MaxPool2D.name)" || pool.int(ImageOrder.attribute) == 1
        else { return "channels do not come last" }
        guard convolution.inputs.count <= IntegerConv2D.addend, !ResultPooling.isWritten(on: convolution)
        else { return "the convolution adds an image, or pools already" }
        guard let weights = rewriting.constant(convolution, 1), weights.shape.rank == 4,
            try IntegerConvolution.canPool(
                weights: weights.shape, groups: Int(convolution.int("group") ?? 1),
                stride: extent(convolution.ints("strides")), dilation: extent(convolution.ints("dilations")))
        else { return "the convolution is not one product, or faster with transformed windows" }
        guard isLarge(rewriting.value(pool.inputs[0])) else {
            return "the image is not known to be too large for a core's cache"
        }
        guard sharesWell(pool, rewriting.value(pool.outputs[0])) else {
            return "threads would compute many rows twice, or have few to share"
        }
        return nil
    }

    /// Threads that are to have rows of the pooled image each, and to compute no more rows besides than those make.
    private static let manyThreads = 8

    private static func sharesWell(_ pool: Node, _ result: InferredValue) -> Bool {
        guard let rows = result.dimensions?.dropFirst().first?.value, rows >= 2 * manyThreads else { return false }
        let step = extent(pool.ints("strides")).height
        let span = (extent(pool.ints("kernel_shape")).height - 1) * extent(pool.ints("dilations")).height + 1
        return (span - step) / max(1, step) <= rows / manyThreads
    }

    private static func extent(_ lengths: [Int]?) -> Extent2D {
        guard let lengths, lengths.count == 2 else { return .one }
        return Extent2D(height: lengths[0], width: lengths[1])
    }

    private static func isLarge(_ image: InferredValue) -> Bool {
        guard let lengths = image.dimensions?.dropFirst().map(\.value), let dtype = image.dtype else { return false }
        var bytes = dtype.bitWidth / 8
        for length in lengths {
            guard let length else { return false }
            let product = bytes.multipliedReportingOverflow(by: length)
            bytes = product.overflow ? .max : product.partialValue
        }
        return bytes > mostCached
    }
}
