internal import CQTuneKernels
package import QTuneTensor

/// Pooling of float32 NHWC images.
package enum Pooling {
    /// The largest element under each window; NaN where one is NaN, negative infinity where the window sees none.
    package static func max(
        _ input: Tensor, window: SlidingWindow, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(input.dtype == .float32)
        WindowMaximum.run(input, window: window, into: output, pool: pool, tier: tier)
    }

    /// The mean of the elements under each window. Padding counts as zeros with `countIncludesPadding`, and is left
    /// out of the mean otherwise.
    ///
    /// The output may have rows and columns beyond those that `window` makes (an operator that rounds up): windows may
    /// then reach past the padding, and what lies there never counts.
    package static func average(
        _ input: Tensor, window: SlidingWindow, countIncludesPadding: Bool, into output: Tensor, pool: ThreadPool,
        tier: CPUTier? = nil
    ) {
        sum(input, window: window, into: output, pool: pool, tier: tier) { taps in
            1 / Float(Swift.max(1, countIncludesPadding ? taps.padded : taps.inside))
        }
    }

    /// The mean of each channel over all pixels; the output is [N, 1, 1, C] or [N, C].
    package static func globalAverage(_ input: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil) {
        precondition(input.shape.rank == 4, "\(input.shape) is no NHWC shape")
        Reduction.reduce(.mean, input, axes: 1..<3, into: output, pool: pool, tier: tier)
    }

    /// Positions of a window that lie in the image, and in the image with its padding.
    private struct Taps {
        var inside: Int
        var padded: Int
    }

    /// The sums under each window, times `scale` of what it saw.
    private static func sum(
        _ input: Tensor, window: SlidingWindow, into output: Tensor, pool: ThreadPool, tier: CPUTier?,
        scale: (Taps) -> Float
    ) {
        let (from, to) = (input.shape, output.shape)
        precondition(input.dtype == .float32 && output.dtype == .float32, "not float32")
        precondition(from.rank == 4 && to.rank == 4 && from[0] == to[0] && from[3] == to[3], "\(from) into \(to)")
        let channels = from[3]
        guard output.count > 0 else { return }
        let reduction = FloatKernels.reduction(for: tier)
        let elements = FloatKernels.elementwise(for: tier)
        let source = UnsafePointer(input.unsafeElements(Float.self))
        let target = output.unsafeElements(Float.self)
        let rowFloats = to[2] * channels
        let taps = window.visibleTaps(height: from[1], width: from[2])
        let grain = Swift.max(1, Elementwise.grain / rowFloats / Swift.max(1, taps))
        pool.run(over: to[0] * to[1], grain: grain) { range in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: taps) { pointers in
                for row in range {
                    let image = source + row / to[1] * from[1] * from[2] * channels
                    let rows = window.rows(at: row % to[1], of: from[1])
                    for column in 0..<to[2] {
                        let columns = window.columns(at: column, of: from[2])
                        let count = gather(
                            rows, columns, dilation: window.dilation, width: from[2], channels: channels, image: image,
                            into: pointers)
                        let result = target + row * rowFloats + column * channels
                        guard count > 0 else {
                            result.update(repeating: 0, count: channels)
                            continue
                        }
                        reduction.across(QT_REDUCE_SUM, pointers.baseAddress, count, result, channels)
                        let factor = scale(Taps(inside: count, padded: rows.padded * columns.padded))
                        if factor != 1 { elements.unary(QT_UNARY_AFFINE, result, result, channels, factor, 0) }
                    }
                }
            }
        }
        extendLifetime((input, output))
    }

    /// Writes the pointers to the pixels of a window that lie in the image and returns how many there are.
    private static func gather(
        _ rows: ClippedTaps, _ columns: ClippedTaps, dilation: Extent2D, width: Int, channels: Int,
        image: UnsafePointer<Float>, into pointers: UnsafeMutableBufferPointer<UnsafePointer<Float>?>
    ) -> Int {
        var count = 0
        for y in 0..<rows.inside {
            let start = (rows.start + y * dilation.height) * width + columns.start
            for x in 0..<columns.inside {
                pointers[count] = image + (start + x * dilation.width) * channels
                count += 1
            }
        }
        return count
    }
}

/// The taps of one axis of a window that see the image.
struct ClippedTaps {
    /// The first tap that lies in the image.
    let first: Int
    /// Taps that lie in the image.
    let inside: Int
    /// Taps that lie in the image or in its padding.
    let padded: Int
    /// Where in the image the first of them lies.
    let start: Int

    /// The window at `position`, over an image of `length` with `before` and `after` cells of padding.
    init(at position: Int, kernel: Int, stride: Int, dilation: Int, before: Int, length: Int, after: Int) {
        let origin = position * stride - before
        first = origin >= 0 ? 0 : min(kernel, (-origin + dilation - 1) / dilation)
        let end = Self.taps(below: length, from: origin, kernel, dilation)
        inside = max(0, end - first)
        padded = Self.taps(below: length + after, from: origin, kernel, dilation)
        start = origin + first * dilation
    }

    /// Taps of a window from `origin` on that lie before `end`.
    private static func taps(below end: Int, from origin: Int, _ kernel: Int, _ dilation: Int) -> Int {
        end <= origin ? 0 : min(kernel, (end - origin + dilation - 1) / dilation)
    }
}

extension SlidingWindow {
    /// The window's rows at output row `position` over an image of `height` rows.
    func rows(at position: Int, of height: Int) -> ClippedTaps {
        ClippedTaps(
            at: position, kernel: kernel.height, stride: stride.height, dilation: dilation.height, before: padding.top,
            length: height, after: padding.bottom)
    }

    /// The window's columns at output column `position` over an image of `width` columns.
    func columns(at position: Int, of width: Int) -> ClippedTaps {
        ClippedTaps(
            at: position, kernel: kernel.width, stride: stride.width, dilation: dilation.width, before: padding.left,
            length: width, after: padding.right)
    }
}
