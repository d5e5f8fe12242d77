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
        let runs = BroadcastRuns(a.tensor.shape, b.tensor.shape, output: output.shape)
        guard output.count > 0 else { return }
        let bounds = target(output.dtype, zeroPoint: outputParameters.zeroPoints[0], clamp: clamp)
        let type = tag(output.dtype)
        nonisolated(unsafe) let left = operand(a, stands: runs.aStands)
        nonisolated(unsafe) let right = operand(b, stands: runs.bStands)
        nonisolated(unsafe) let sink = output.address
        func run(_ index: Int, part: Range<Int>) {
            let starts = runs.starts(of: index)
            var (x, y) = (left, right)
            x.values += starts.a + (runs.aStands ? 0 : part.lowerBound)
            y.values += starts.b + (runs.bStands ? 0 : part.lowerBound)
            kernel(x, y, part.count, bounds, type, sink + index * runs.length + part.lowerBound)
        }
        if runs.count == 1 {
            split(runs.length, work: output.count, pool: pool) { run(0, part: $0) }
        } else {
            split(runs.count, work: output.count, pool: pool) { for index in $0 { run(index, part: 0..<runs.length) } }
        }
        extendLifetime((a.tensor, b.tensor, output))
    }

    private static func operand(_ operand: Operand, stands: Bool) -> qt_integer_operand {
        qt_integer_operand(
            values: operand.tensor.bytes, zero_point: operand.parameters.zeroPoints[0], ratio: operand.ratio,
            is_scalar: stands ? 1 : 0)
    }
}
