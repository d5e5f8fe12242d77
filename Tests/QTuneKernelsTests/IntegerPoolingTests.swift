import QTuneKernels
import QTuneTensor
import Testing

@Suite struct IntegerPoolingTests {
    private static let windows: [SlidingWindow] = [
        SlidingWindow(kernel: Extent2D(height: 2, width: 2), stride: Extent2D(height: 2, width: 2)),
        SlidingWindow(
            kernel: Extent2D(height: 3, width: 3), stride: Extent2D(height: 2, width: 1),
            padding: Padding2D(top: 1, left: 1, bottom: 0, right: 2)),
        SlidingWindow(
            kernel: Extent2D(height: 2, width: 3), dilation: Extent2D(height: 2, width: 2), padding: Padding2D(all: 1)),
        // Windows far wider than the image, most of which lie in the padding.
        SlidingWindow(
            kernel: Extent2D(height: 2, width: 2), stride: Extent2D(height: 1000, width: 1000),
            dilation: Extent2D(height: 5000, width: 5000), padding: Padding2D(all: 5000)),
    ]

    /// The integers under the window of output (y, x), of channel `c`.
    private func under(_ window: SlidingWindow, _ x: [Int], _ shape: Shape, image: Int, y: Int, x column: Int, c: Int)
        -> [Int]
    {
        var found: [Int] = []
        for ky in 0..<window.kernel.height {
            for kx in 0..<window.kernel.width {
                let iy = y * window.stride.height - window.padding.top + ky * window.dilation.height
                let ix = column * window.stride.width - window.padding.left + kx * window.dilation.width
                guard (0..<shape[1]).contains(iy) && (0..<shape[2]).contains(ix) else { continue }
                found.append(x[((image * shape[1] + iy) * shape[2] + ix) * shape[3] + c])
            }
        }
        return found
    }

    @Test(arguments: windows.indices, [DType.uint8, .int8]) func poolsByTheDefinition(_ index: Int, _ dtype: DType)
        throws
    {
        let window = Self.windows[index]
        let shape: Shape = [2, 7, 6, 35]
        var noise = IntegerNoise(seed: index)
        let values = noise.integers(shape.elementCount, dtype, extreme: false)
        let (rows, columns) = (window.outputHeight(of: 7), window.outputWidth(of: 6))
        let from = QuantizationParameters(dtype: dtype, scales: [0.3], zeroPoints: [dtype == .uint8 ? 200 : -100])
        let to = QuantizationParameters(dtype: dtype, scales: [0.2], zeroPoints: [11])
        let range = try #require(dtype.integerRange)
        let bounds = (lower: Int32(range.lowerBound), upper: Int32(range.upperBound))
        var (largest, means, padded): ([Int], [Int], [Int]) = ([], [], [])
        for flat in 0..<2 * rows * columns * 35 {
            let pixel = flat / 35
            let taps = under(
                window, values, shape, image: pixel / (rows * columns), y: pixel / columns % rows, x: pixel % columns,
                c: flat % 35)
            largest.append(taps.max() ?? range.lowerBound)
            let sum = Float(taps.reduce(0) { $0 + $1 - Int(from.zeroPoints[0]) })
            func mean(of count: Int) -> Int {
                IntegerReference.requantize(
                    sum * (0.3 / (0.2 * Float(max(1, count)))), zeroPoint: 11, lower: bounds.lower, upper: bounds.upper)
            }
            means.append(mean(of: taps.count))
            padded.append(mean(of: window.kernel.area))
        }
        let input = integerTensor(values, dtype, shape: shape)
        for tier in CPUTier.available {
            for pool in [ThreadPool(threads: 1), ThreadPool(threads: 2)] {
                let output = Tensor(zeros: dtype, shape: [2, rows, columns, 35])
                IntegerElementwise.maxPool(input, window: window, into: output, pool: pool, tier: tier)
                #expect(output.integers == largest, "\(tier.name)")
                for includes in [false, true] {
                    IntegerElementwise.averagePool(
                        input, from, window: window, countIncludesPadding: includes, to: to, into: output, pool: pool,
                        tier: tier)
                    #expect(output.integers == (includes ? padded : means), "\(tier.name)")
                }
            }
        }
    }

    /// Four pixels of two channels: sums of (x - 1) are 6 and 1014; times 0.5 / (1 * 4): 0.75 and 126.75.
    @Test func averagesWholeImages() {
        let x = Tensor([1, 255, 2, 255, 3, 253, 4, 255] as [UInt8], shape: [1, 2, 2, 2])
        for tier in CPUTier.available {
            let output = Tensor(zeros: .int8, shape: [1, 1, 1, 2])
            IntegerElementwise.globalAverage(
                x, QuantizationParameters(dtype: .uint8, scales: [0.5], zeroPoints: [1]),
                to: QuantizationParameters(dtype: .int8, scales: [1], zeroPoints: [-1]), into: output,
                pool: ThreadPool(threads: 1), tier: tier)
            #expect(output.array(of: Int8.self) == [0, 126], "\(tier.name)")
        }
    }
}
