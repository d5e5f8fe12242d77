internal import CQTuneKernels
package import QTuneTensor

/// The channels of two NHWC tensors in turn, a0, b0, a1, b1, ...: what concatenation and a channel shuffle of two
/// groups make together.
package enum ChannelInterleaving {
    /// Bytes written that are worth a part of their own: a thread finds in its cache what it made of the operands.
    private static let grain = 32_768

    /// Bytes of an operand that are requantized at a time, so that they stay in the first-level cache.
    private static let chunk = 8_192

    /// 8-bit operands of one type that are requantized on the way.
    package struct Quantization: Sendable {
        package let a: QuantizationParameters
        package let b: QuantizationParameters
        package let result: QuantizationParameters
        package let clamp: ClosedRange<Int32>?

        package init(
            a: QuantizationParameters, b: QuantizationParameters, result: QuantizationParameters,
            clamp: ClosedRange<Int32>?
        ) {
            (self.a, self.b, self.result, self.clamp) = (a, b, result, clamp)
        }
    }

    /// Interleaves `a` and `b` [..., C] into one result [..., 2 C], or the first and the second C of its channels into
    /// two results [..., C].
    /// - Precondition: elements of 1, 2, 4 or 8 bytes, all of one type; an even C where there are two results; results
    ///   with bytes of their own.
    package static func run(
        _ a: Tensor, _ b: Tensor, _ quantization: Quantization? = nil, into results: [Tensor], pool: ThreadPool,
        tier: CPUTier? = nil
    ) {
        let channels = a.shape.dimensions.last ?? 1
        precondition(a.shape == b.shape && a.dtype == b.dtype, "operands of unlike shape")
        precondition(results.count == 1 || (results.count == 2 && channels.isMultiple(of: 2)), "not two halves")
        precondition(
            results.allSatisfy { $0.dtype == a.dtype && $0.count * results.count == a.count * 2 },
            "results of another size")
        guard a.count > 0 else { return }
        let width = a.dtype.bitWidth / 8
        let job = qt_interleaving(
            a: a.bytes, b: b.bytes, low: results[0].unsafeElements(UInt8.self),
            high: results.count == 2 ? results[1].unsafeElements(UInt8.self) : nil, a_stride: channels * width,
            b_stride: channels * width, pixels: a.count / channels, count: channels)
        let left = quantization.flatMap { Requantizer(from: $0.a, to: $0.result, clamp: $0.clamp, tier: tier) }
        let right = quantization.flatMap { Requantizer(from: $0.b, to: $0.result, clamp: $0.clamp, tier: tier) }
        let kernel = FloatKernels.interleave(for: tier)
        if left == nil && right == nil {
            split(job, width: width, pool: pool) { part in
                var part = part
                kernel.run(width, &part)
            }
        } else {
            split(job, width: width, pool: pool) { part in
                requantize(part, left, right) { kernel.run(1, &$0) }
            }
        }
        extendLifetime((a, b, results))
    }

    /// Shuffles the channels of `x` [..., 2 C] in two groups: x[0], x[C], x[1], x[C + 1], ...
    package static func shuffle(_ x: Tensor, into result: Tensor, pool: ThreadPool, tier: CPUTier? = nil) {
        let channels = x.shape.dimensions.last ?? 1
        precondition(x.shape == result.shape && x.dtype == result.dtype && channels.isMultiple(of: 2))
        guard x.count > 0 else { return }
        let width = x.dtype.bitWidth / 8
        let job = qt_interleaving(
            a: x.bytes, b: x.bytes + channels / 2 * width, low: result.unsafeElements(UInt8.self), high: nil,
            a_stride: channels * width, b_stride: channels * width, pixels: x.count / channels, count: channels / 2)
        let kernel = FloatKernels.interleave(for: tier)
        split(job, width: width, pool: pool) { part in
            var part = part
            kernel.run(width, &part)
        }
        extendLifetime((x, result))
    }

    /// Calls `body` with jobs that make up `job`, on the pool's threads.
    private static func split(
        _ job: qt_interleaving, width: Int, pool: ThreadPool, _ body: (qt_interleaving) -> Void
    ) {
        nonisolated(unsafe) let job = job
        pool.run(over: job.pixels, grain: max(1, grain / max(1, job.count * width * 2))) { pixels in
            body(job.pixels(pixels, width: width))
        }
    }

    /// Runs `kernel` on a few pixels at a time whose operands were requantized first. Operands lie without gaps.
    private static func requantize(
        _ job: qt_interleaving, _ left: Requantizer?, _ right: Requantizer?, _ kernel: (inout qt_interleaving) -> Void
    ) {
        let step = max(1, min(job.pixels, chunk / max(1, job.count)))
        let capacity = step * job.count
        withUnsafeTemporaryAllocation(byteCount: capacity * 2, alignment: 64) { scratch in
            guard let room = scratch.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
            for first in stride(from: 0, to: job.pixels, by: step) {
                var part = job.pixels(first..<min(first + step, job.pixels), width: 1)
                let bytes = part.pixels * part.count
                if let left { part.a = left(part.a, bytes, room) }
                if let right { part.b = right(part.b, bytes, room + capacity) }
                kernel(&part)
            }
        }
    }
}

extension qt_interleaving {
    /// The part of the job that makes some of its pixels.
    fileprivate func pixels(_ range: Range<Int>, width: Int) -> qt_interleaving {
        var part = self
        part.pixels = range.count
        part.a += range.lowerBound * a_stride
        part.b += range.lowerBound * b_stride
        let written = range.lowerBound * count * width
        part.low += high == nil ? 2 * written : written
        if let high { part.high = high + written }
        return part
    }
}

/// Takes bytes from one scale to another; nil where nothing would change.
private struct Requantizer {
    private let kernel: IntegerKernels.ElementwiseRow
    private let from: (type: Int32, zeroPoint: Int32)
    private let ratio: Float
    private let target: qt_integer_target
    private let type: Int32

    init?(
        from: QuantizationParameters, to: QuantizationParameters, clamp: ClosedRange<Int32>?, tier: CPUTier?
    ) {
        if from == to && clamp == nil { return nil }
        kernel = IntegerKernels.elementwise(for: tier)
        self.from = (IntegerElementwise.tag(from.dtype), from.zeroPoints[0])
        ratio = from.scales[0] / to.scales[0]
        target = IntegerElementwise.target(to.dtype, zeroPoint: to.zeroPoints[0], clamp: clamp)
        type = IntegerElementwise.tag(to.dtype)
    }

    /// Writes `count` bytes to `room` and gives it back.
    func callAsFunction(
        _ source: UnsafePointer<UInt8>, _ count: Int, _ room: UnsafeMutablePointer<UInt8>
    ) -> UnsafePointer<UInt8> {
        kernel.pointee.requantize(source, count, from.type, from.zeroPoint, ratio, target, type, room)
        return UnsafePointer(room)
    }
}
