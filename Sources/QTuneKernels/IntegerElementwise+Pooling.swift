internal import CQTuneKernels
package import QTuneTensor

extension IntegerElementwise {
    /// The largest integer under each window of `x` [N, H, W, C], `uint8` or `int8`; scale and zero point stay. A
    /// window that lies in the padding altogether gives the type's smallest integer.
    package static func maxPool(
        _ x: Tensor, window: SlidingWindow, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .uint8 || x.dtype == .int8)
        WindowMaximum.run(x, window: window, into: output, pool: pool, tier: tier)
    }

    /// The mean under each window of `x` [N, H, W, C], `uint8` or `int8`: the exact sum of `x - zx`, times
    /// `sx / (so * count)`, rounded and saturated. `count` is the number of taps inside the image, or of all taps where
    /// `countIncludesPadding` (the padding stands for 0; taps past it, which rounding up may give, do not count).
    package static func averagePool(
        _ x: Tensor, _ parameters: QuantizationParameters, window: SlidingWindow, countIncludesPadding: Bool,
        to outputParameters: QuantizationParameters, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == parameters.dtype && output.dtype == outputParameters.dtype)
        nonisolated(unsafe) let kernel = IntegerKernels.elementwise(for: tier)
        let (from, to) = (tag(x.dtype), tag(output.dtype))
        let bounds = target(output.dtype, zeroPoint: outputParameters.zeroPoints[0], clamp: nil)
        let area = window.kernel.area
        forEachWindow(of: x, window: window, into: output, pool: pool) { taps, channels, pixel in
            let count = max(1, countIncludesPadding ? area : taps.count)
            let ratio = parameters.scales[0] / (outputParameters.scales[0] * Float(count))
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: channels) { sums in
                kernel.pointee.pool_average(
                    qt_integer_pool(taps: taps.baseAddress, tap_count: taps.count, channels: channels), from,
                    parameters.zeroPoints[0], ratio, bounds, to, sums.baseAddress, pixel)
            }
        }
    }

    /// The mean of each channel of `x` [N, H, W, C] over all pixels, into `output` [N, 1, 1, C].
    package static func globalAverage(
        _ x: Tensor, _ parameters: QuantizationParameters, to outputParameters: QuantizationParameters,
        into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let window = SlidingWindow(kernel: Extent2D(height: x.shape[1], width: x.shape[2]))
        averagePool(
            x, parameters, window: window, countIncludesPadding: false, to: outputParameters, into: output, pool: pool,
            tier: tier)
    }

    /// Calls `body` for each output pixel with the input pixels under its window, the number of channels and the
    /// output pixel's address.
    private static func forEachWindow(
        of x: Tensor, window: SlidingWindow, into output: Tensor, pool: ThreadPool,
        _ body: (UnsafeBufferPointer<UnsafePointer<UInt8>?>, Int, UnsafeMutablePointer<UInt8>) -> Void
    ) {
        precondition(x.shape.rank == 4)
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let (rows, columns) = (window.outputHeight(of: height), window.outputWidth(of: width))
        precondition(output.count == batch * rows * columns * channels, "the output's shape does not fit")
        guard output.count > 0 else { return }
        nonisolated(unsafe) let source = x.bytes
        nonisolated(unsafe) let sink = output.address.assumingMemoryBound(to: UInt8.self)
        let visible = window.visibleTaps(height: height, width: width)
        let work = output.count.multipliedReportingOverflow(by: visible)
        split(batch * rows, work: work.overflow ? .max : work.partialValue, pool: pool) { part in
            withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: visible) { taps in
                for row in part {
                    let image = source + row / rows * height * width * channels
                    let down = window.rows(at: row % rows, of: height)
                    for column in 0..<columns {
                        let across = window.columns(at: column, of: width)
                        var count = 0
                        for ky in 0..<down.inside {
                            let y = down.start + ky * window.dilation.height
                            for kx in 0..<across.inside {
                                let x = across.start + kx * window.dilation.width
                                taps[count] = image + (y * width + x) * channels
                                count += 1
                            }
                        }
                        let inside = UnsafeBufferPointer(start: taps.baseAddress, count: count)
                        body(inside, channels, sink + (row * columns + column) * channels)
                    }
                }
            }
        }
        extendLifetime((x, output))
    }
}
