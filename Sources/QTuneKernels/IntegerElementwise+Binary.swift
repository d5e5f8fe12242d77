internal import CQTuneKernels
package import QTuneTensor

extension IntegerElementwise {
    /// The sum of two quantized tensors with NumPy's broadcasting:
    /// `(a - za) * (sa / sc) + (b - zb) * (sb / sc)` in float32, rounded half to even, plus `zc`, saturated. All three
    /// are of one type, `uint8` or `int8`, with per-tensor parameters. `clamp` is in output integers.
    package static func add(
        _ a: Tensor, _ aParameters: QuantizationParameters, _ b: Tensor, _ bParameters: QuantizationParameters,
        to outputParameters: QuantizationParameters, clamp: ClosedRange<Int32>? = nil, into output: Tensor,
        pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let scale = outputParameters.scales[0]
        binary(
            IntegerKernels.elementwise(for: tier).pointee.add, (a, aParameters, aParameters.scales[0] / scale),
            (b, bParameters, bParameters.scales[0] / scale), outputParameters, clamp: clamp, into: output, pool: pool)
    }

    /// The product: `((a - za) * (b - zb)) * (sa * sb / sc)`, the first product exact, the rest as in `add`.
    package static func multiply(
        _ a: Tensor, _ aParameters: QuantizationParameters, _ b: Tensor, _ bParameters: QuantizationParameters,
        to outputParameters: QuantizationParameters, clamp: ClosedRange<Int32>? = nil, into output: Tensor,
        pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let ratio = aParameters.scales[0] * bParameters.scales[0] / outputParameters.scales[0]
        binary(
            IntegerKernels.elementwise(for: tier).pointee.multiply, (a, aParameters, ratio), (b, bParameters, ratio),
            outputParameters, clamp: clamp, into: output, pool: pool)
    }

    private typealias Operand = (tensor: Tensor, parameters: QuantizationParameters, ratio: Float)
    private typealias Kernel =
        @convention(c) (
            qt_integer_operand, qt_integer_operand, Int, qt_integer_target, Int32, UnsafeMutableRawPointer?
        ) -> Void

    private static func binary(
        _ kernel: Kernel?, _ a: Operand, _ b: Operand, _ outputParameters: QuantizationParameters,
        clamp: ClosedRange<Int32>?, into output: Tensor, pool: ThreadPool
    ) {
        guard let kernel else { return }
        precondition(output.dtype == .uint8 || output.dtype == .int8, "integer arithmetic on \(output.dtype)")
        precondition(a.tensor.dtype == output.dtype && b.tensor.dtype == output.dtype, "types differ")
        precondition(a.tensor.shape.broadcast(with: b.tensor.shape) == output.shape, "operands do not broadcast")
        guard output.count > 0 else { return }
        let loop = BroadcastLoop(a.tensor.shape, b.tensor.shape, output: output.shape)
        let bounds = target(output.dtype, zeroPoint: outputParameters.zeroPoints[0], clamp: clamp)
        let type = tag(output.dtype)
        nonisolated(unsafe) let left = operand(a, stands: loop.innerA == 0)
        nonisolated(unsafe) let right = operand(b, stands: loop.innerB == 0)
        nonisolated(unsafe) let sink = output.address
        loop.run(pool, grain: leastWork / 2) { run in
            var (x, y) = (left, right)
            x.values += run.a
            y.values += run.b
            kernel(x, y, run.count, bounds, type, sink + run.output)
        }
        extendLifetime((a.tensor, b.tensor, output))
    }

    private static func operand(_ operand: Operand, stands: Bool) -> qt_integer_operand {
        qt_integer_operand(
            values: operand.tensor.bytes, zero_point: operand.parameters.zeroPoints[0], ratio: operand.ratio,
            is_scalar: stands ? 1 : 0)
    }
}
