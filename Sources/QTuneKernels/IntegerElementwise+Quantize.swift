internal import CQTuneKernels
package import QTuneTensor

extension IntegerElementwise {
    /// Runs of elements that share their parameters: `outer` times one run of `inner` for each of `channels`.
    private struct Runs {
        let outer: Int
        let channels: Int
        let inner: Int

        init(_ shape: Shape, _ parameters: QuantizationParameters) {
            guard let axis = parameters.axis, parameters.scales.count > 1 else {
                (outer, channels, inner) = (1, 1, shape.elementCount)
                return
            }
            precondition(axis < shape.rank && shape[axis] == parameters.scales.count, "scales do not fit the axis")
            outer = shape.dimensions[..<axis].reduce(1, *)
            channels = shape[axis]
            inner = shape.dimensions[(axis + 1)...].reduce(1, *)
        }
    }

    /// Quantizes float32 `x` to `uint8`, `int8`, `uint16` or `int16`: divides by the scale, rounds half to even, adds
    /// the zero point, saturates. NaN becomes the smallest integer.
    package static func quantize(
        _ x: Tensor, _ parameters: QuantizationParameters, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == parameters.dtype && x.count == output.count)
        let runs = Runs(x.shape, parameters)
        guard runs.channels > 1 else {
            quantize(
                x, scale: parameters.scales[0], zeroPoint: parameters.zeroPoints[0], into: output, pool: pool,
                tier: tier)
            return
        }
        let width = output.dtype.bitWidth / 8
        let type = tag(output.dtype)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        nonisolated(unsafe) let source = UnsafePointer(x.address.assumingMemoryBound(to: Float.self))
        nonisolated(unsafe) let sink = output.address
        let targets = parameters.zeroPoints.map { target(output.dtype, zeroPoint: $0, clamp: nil) }
        if runs.inner == 1 {
            let (lowers, uppers) = (targets.map(\.lower), targets.map(\.upper))
            split(runs.outer, work: x.count, pool: pool) { part in
                for row in part {
                    kernel.pointee.quantize_each(
                        source + row * runs.channels, runs.channels, parameters.scales, lowers, uppers,
                        parameters.zeroPoints, type, sink + row * runs.channels * width)
                }
            }
        } else {
            split(runs.outer * runs.channels, work: x.count, pool: pool) { part in
                for run in part {
                    let channel = run % runs.channels
                    kernel.pointee.quantize(
                        source + run * runs.inner, runs.inner, parameters.scales[channel], targets[channel], type,
                        sink + run * runs.inner * width)
                }
            }
        }
        extendLifetime((x, output))
    }

    /// The same with one scale and one zero point for all elements.
    package static func quantize(
        _ x: Tensor, scale: Float, zeroPoint: Int32, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && x.count == output.count)
        quantize(
            UnsafePointer(x.unsafeElements(Float.self)), count: x.count, scale: scale, zeroPoint: zeroPoint,
            to: output.dtype, at: output.address, pool: pool, kernel: IntegerKernels.elementwise(for: tier))
        extendLifetime((x, output))
    }

    /// The same by addresses.
    static func quantize(
        _ source: UnsafePointer<Float>, count: Int, scale: Float, zeroPoint: Int32, to dtype: DType,
        at sink: UnsafeMutableRawPointer, pool: ThreadPool, kernel: IntegerKernels.ElementwiseRow
    ) {
        let (type, width) = (tag(dtype), dtype.bitWidth / 8)
        let target = target(dtype, zeroPoint: zeroPoint, clamp: nil)
        split(count, work: count, pool: pool) { part in
            kernel.pointee.quantize(
                source + part.lowerBound, part.count, scale, target, type, sink + part.lowerBound * width)
        }
    }

    /// The real values of `x` (`uint8`, `int8`, `uint16`, `int16` or `int32`) as float32.
    package static func dequantize(
        _ x: Tensor, _ parameters: QuantizationParameters, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(output.dtype == .float32 && x.dtype == parameters.dtype && x.count == output.count)
        let runs = Runs(x.shape, parameters)
        let width = x.dtype.bitWidth / 8
        let type = tag(x.dtype)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        nonisolated(unsafe) let source = UnsafeRawPointer(x.address)
        nonisolated(unsafe) let sink = output.address.assumingMemoryBound(to: Float.self)
        let (scales, zeroPoints) = (parameters.scales, parameters.zeroPoints)
        if runs.channels == 1 {
            split(runs.inner, work: x.count, pool: pool) { part in
                kernel.pointee.dequantize(
                    source + part.lowerBound * width, part.count, type, scales[0], zeroPoints[0],
                    sink + part.lowerBound)
            }
        } else if runs.inner == 1 {
            split(runs.outer, work: x.count, pool: pool) { part in
                for row in part {
                    kernel.pointee.dequantize_each(
                        source + row * runs.channels * width, runs.channels, type, scales, zeroPoints,
                        sink + row * runs.channels)
                }
            }
        } else {
            split(runs.outer * runs.channels, work: x.count, pool: pool) { part in
                for run in part {
                    let channel = run % runs.channels
                    kernel.pointee.dequantize(
                        source + run * runs.inner * width, runs.inner, type, scales[channel], zeroPoints[channel],
                        sink + run * runs.inner)
                }
            }
        }
        extendLifetime((x, output))
    }

    /// Takes `x` from one per-tensor scale to another, `uint8` or `int8` out: one multiply by input scale over output
    /// scale, one rounding, one saturating add. `clamp` is in output integers.
    package static func requantize(
        _ x: Tensor, _ parameters: QuantizationParameters, to outputParameters: QuantizationParameters,
        clamp: ClosedRange<Int32>? = nil, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.count == output.count, "shapes do not fit")
        requantize(
            x, parameters, to: outputParameters, clamp: clamp, into: output, rows: 1, offset: 0, rowStride: x.count,
            pool: pool, tier: tier)
    }

    /// The same into a part of `output`: `x` is taken as `rows` equal runs that go to elements `offset`,
    /// `offset + rowStride`, ... of `output`. Concatenation along an axis is one such call for each input.
    package static func requantize(
        _ x: Tensor, _ parameters: QuantizationParameters, to outputParameters: QuantizationParameters,
        clamp: ClosedRange<Int32>? = nil, into output: Tensor, rows: Int, offset: Int, rowStride: Int,
        pool: ThreadPool, tier: CPUTier? = nil
    ) {
        guard x.count > 0 else { return }
        let length = x.count / rows
        precondition(length * rows == x.count && offset + (rows - 1) * rowStride + length <= output.count)
        precondition(x.dtype == parameters.dtype && output.dtype == outputParameters.dtype && rowStride >= length)
        precondition(output.dtype == .uint8 || output.dtype == .int8, "requantizing to \(output.dtype)")
        let copies = parameters == outputParameters && clamp == nil
        let ratio = parameters.scales[0] / outputParameters.scales[0]
        let bounds = target(output.dtype, zeroPoint: outputParameters.zeroPoints[0], clamp: clamp)
        let (from, to, width) = (tag(x.dtype), tag(output.dtype), x.dtype.bitWidth / 8)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        nonisolated(unsafe) let source = UnsafeRawPointer(x.address)
        nonisolated(unsafe) let sink = output.address + offset
        func run(row: Int, part: Range<Int>) {
            let input = source + (row * length + part.lowerBound) * width
            let place = sink + row * rowStride + part.lowerBound
            if copies {
                place.copyMemory(from: input, byteCount: part.count)
            } else {
                kernel.pointee.requantize(input, part.count, from, parameters.zeroPoints[0], ratio, bounds, to, place)
            }
        }
        if rows == 1 {
            split(length, work: x.count, pool: pool) { run(row: 0, part: $0) }
        } else {
            split(rows, work: x.count, pool: pool) { for row in $0 { run(row: row, part: 0..<length) } }
        }
        extendLifetime((x, output))
    }
}
