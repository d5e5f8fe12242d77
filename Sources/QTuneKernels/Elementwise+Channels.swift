internal import CQTuneKernels
package import QTuneTensor

extension Elementwise {
    /// Floats that stay in the first cache between the steps of a function.
    private static let portion = 4096

    /// Writes `activation(factor * x + offset)` into `output`, which may share the bytes of `x`. Each channel has a factor
    /// and an offset of its own.
    /// - Parameter inner: neighbouring elements of one channel; the elements of a channel recur with every block of
    ///   `inner` elements a channel.
    /// - Precondition: float32; as many factors as offsets; `x` is made of whole blocks.
    package static func scaleAndShift(
        _ x: Tensor, by factors: Tensor, _ offsets: Tensor, inner: Int, activation: Activation = .none,
        into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition([x, factors, offsets, output].allSatisfy { $0.dtype == .float32 }, "not float32")
        precondition(x.count == output.count && factors.count == offsets.count, "tensors of different sizes")
        guard x.count > 0 else { return }
        precondition(
            factors.count > 0 && inner > 0 && x.count.isMultiple(of: factors.count * inner), "\(x.shape) in blocks")
        if inner == 1, factors.count > 1 {
            scaleAndShiftRows(x, factors, offsets, activation, into: output, pool, tier)
        } else {
            let plane = factors.count == 1 ? x.count : inner
            scaleAndShiftPlanes(x, factors, offsets, plane, activation, into: output, pool, tier)
        }
        extendLifetime((x, factors, offsets, output))
    }

    /// Planes of `length` elements, one number a plane.
    private static func scaleAndShiftPlanes(
        _ x: Tensor, _ factors: Tensor, _ offsets: Tensor, _ length: Int, _ activation: Activation,
        into output: Tensor, _ pool: ThreadPool, _ tier: CPUTier?
    ) {
        let kernel = FloatKernels.elementwise(for: tier)
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let (factor, offset) = (factors.unsafeElements(Float.self), offsets.unsafeElements(Float.self))
        let channels = factors.count
        let portions = (length + portion - 1) / portion
        pool.run(over: x.count / length * portions, grain: Swift.max(1, grain / Swift.min(length, portion))) { range in
            for index in range {
                let (plane, part) = index.quotientAndRemainder(dividingBy: portions)
                let (start, count) = (plane * length + part * portion, Swift.min(portion, length - part * portion))
                let channel = plane % channels
                kernel.unary(QT_UNARY_AFFINE, source + start, target + start, count, factor[channel], offset[channel])
                apply(activation, count, of: target + start, kernel)
            }
        }
    }

    /// Rows of one element a channel. Numbers of several rows are written out one after the other where rows are short,
    /// so that one call serves them.
    private static func scaleAndShiftRows(
        _ x: Tensor, _ factors: Tensor, _ offsets: Tensor, _ activation: Activation, into output: Tensor,
        _ pool: ThreadPool, _ tier: CPUTier?
    ) {
        let kernel = FloatKernels.elementwise(for: tier)
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let rows = Swift.max(1, Swift.min(portion / 2, x.count) / factors.count)
        let length = rows * factors.count
        let factors = [[Float]](repeating: factors.array(of: Float.self), count: rows).flatMap(\.self)
        let offsets = [[Float]](repeating: offsets.array(of: Float.self), count: rows).flatMap(\.self)
        let blocks = (x.count + length - 1) / length
        pool.run(over: blocks, grain: Swift.max(1, grain / length)) { range in
            for block in range {
                let start = block * length
                let count = Swift.min(length, x.count - start)
                kernel.binary(QT_BINARY_MUL, QT_BOTH_ARRAYS, source + start, factors, target + start, count)
                kernel.binary(QT_BINARY_ADD, QT_BOTH_ARRAYS, target + start, offsets, target + start, count)
                apply(activation, count, of: target + start, kernel)
            }
        }
    }

    private static func apply(
        _ activation: Activation, _ count: Int, of target: UnsafeMutablePointer<Float>, _ kernel: qt_f32_elementwise_row
    ) {
        guard let function = activation.function else { return }
        apply(function, rows: 1, columns: count, of: target, stride: count, kernel: kernel)
    }
}
