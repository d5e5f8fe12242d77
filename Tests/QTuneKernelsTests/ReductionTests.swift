import Foundation
import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct ReductionTests {
    static let functions: [(Reduction.Function, @Sendable ([Double]) -> Double)] = [
        (.sum, { $0.reduce(0, +) }), (.mean, { $0.reduce(0, +) / Double($0.count) }), (.max, { $0.max() ?? 0 }),
        (.min, { $0.min() ?? 0 }), (.product, { $0.reduce(1, *) }), (.sumOfSquares, { $0.reduce(0) { $0 + $1 * $1 } }),
        (.sumOfMagnitudes, { $0.reduce(0) { $0 + abs($1) } }),
        (.logSumExp, { log($0.reduce(0) { $0 + exp($1) }) }),
    ]

    @Test(arguments: CPUTier.available)
    func reducesAnyRunOfAxes(tier: CPUTier) {
        let cases: [(Shape, Range<Int>)] = [
            ([1], 0..<1), ([5, 33], 1..<2), ([5, 33], 0..<1), ([5, 33], 0..<2), ([2, 7, 16], 1..<2),
            ([2, 7, 17], 1..<2),
            ([3, 4, 5, 6], 1..<3), ([3, 4, 5, 1], 1..<3), ([1000], 0..<1), ([3, 65], 1..<2), ([2, 31], 1..<2),
            ([4, 3], 1..<1), ([2, 300, 40], 1..<2),
        ]
        var numbers = SeededGenerator(seed: 2)
        for (shape, axes) in cases {
            let x = numbers.floats(shape)
            let lengths = shape.dimensions
            let count = lengths[axes].reduce(1, *)
            let inner = lengths[axes.upperBound...].reduce(1, *)
            let outer = x.count / count / inner
            for (function, reference) in Self.functions {
                let outputs = [1, 3].map { threads in
                    let output = Tensor.poisoned([outer * inner])
                    Reduction.reduce(
                        function, x, axes: axes, into: output, pool: ThreadPool(threads: threads), tier: tier)
                    return output
                }
                let values = x.floats
                let expected = (0..<outer * inner).map { index in
                    reference((0..<count).map { Double(values[(index / inner * count + $0) * inner + index % inner]) })
                }
                #expect(largestError(outputs[0].floats, expected) < 1e-5, "\(function) of \(shape) over \(axes)")
                #expect(outputs[0] == outputs[1])
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func extremesKeepNaNWhereverItStands(tier: CPUTier) {
        for length in [1, 2, 15, 16, 17, 40] {
            for position in 0..<length {
                var values = [Float](repeating: 1, count: length)
                values[position] = .nan
                for function in [Reduction.Function.max, .min, .logSumExp] {
                    let output = Tensor(zeros: .float32, shape: [1])
                    Reduction.reduce(
                        function, Tensor(values), axes: 0..<1, into: output, pool: ThreadPool(threads: 1), tier: tier)
                    #expect(output.floats[0].isNaN, "\(function), \(position) of \(length)")
                }
            }
        }
    }

    /// Terms beyond what float32 holds, terms that weigh nothing, and none at all.
    @Test(arguments: CPUTier.available)
    func logarithmsOfSumsNeitherOverflowNorVanish(tier: CPUTier) {
        let infinity = Float.infinity
        let rows: [([Float], Float)] = [
            ([1000, 1000], 1000 + log(2)), ([-1000, -1000, -5000], -1000 + log(2)), ([88, -infinity, 3], 88),
            ([-infinity, -infinity], -infinity), ([1, infinity, -infinity], infinity),
            ([infinity, infinity], infinity),
            ([Float](repeating: -300, count: 37), -300 + log(37)),
        ]
        for (row, expected) in rows {
            for inner in [1, 3, 70] {
                let x = Tensor(row.flatMap { [Float](repeating: $0, count: inner) }, shape: [row.count, inner])
                let output = Tensor.poisoned([inner])
                Reduction.reduce(
                    .logSumExp, x, axes: 0..<1, into: output, pool: ThreadPool(threads: 1), tier: tier)
                for result in output.floats {
                    #expect(result == expected || abs(result - expected) <= 1e-6 * abs(expected), "\(row), \(inner)")
                }
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func softmaxSumsToOne(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 9)
        for length in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 1000] {
            let x = numbers.floats([5, length], in: -30...30)
            let y = Tensor.poisoned(x.shape)
            Softmax.lastAxis(x, into: y, pool: ThreadPool(threads: 2), tier: tier)
            for row in 0..<5 {
                let source = x.floats[row * length..<(row + 1) * length].map(Double.init)
                let largest = source.max() ?? 0
                let exponentials = source.map { exp($0 - largest) }
                let sum = exponentials.reduce(0, +)
                let results = Array(y.floats[row * length..<(row + 1) * length])
                #expect(largestError(results, exponentials.map { $0 / sum }) < 1e-6)
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func softmaxTakesLargeAndInfiniteNumbers(tier: CPUTier) {
        let x = Tensor([Float](arrayLiteral: 1000, 1000, -.infinity, -1000), shape: [1, 4])
        let y = Tensor.poisoned([1, 4])
        Softmax.lastAxis(x, into: y, pool: ThreadPool(threads: 1), tier: tier)
        #expect(y.floats == [0.5, 0.5, 0, 0])
    }
}

struct PoolingTests {
    static let windows: [SlidingWindow] = [
        SlidingWindow(kernel: Extent2D(height: 2, width: 2), stride: Extent2D(height: 2, width: 2)),
        SlidingWindow(
            kernel: Extent2D(height: 3, width: 3), stride: Extent2D(height: 2, width: 2), padding: Padding2D(all: 1)),
        SlidingWindow(kernel: Extent2D(height: 1, width: 3), padding: Padding2D(top: 0, left: 2, bottom: 0, right: 0)),
        SlidingWindow(
            kernel: Extent2D(height: 3, width: 2), dilation: Extent2D(height: 2, width: 3),
            padding: Padding2D(top: 2, left: 0, bottom: 1, right: 3)),
        // The first and the last place of a row lie in the padding.
        SlidingWindow(
            kernel: Extent2D(height: 3, width: 3), stride: Extent2D(height: 2, width: 2), padding: Padding2D(all: 4)),
    ]

    @Test(arguments: CPUTier.available)
    func theLargestIsNaNWhereOneIs(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 6)
        for window in Self.windows {
            for channels in [3, 16, 64, 80] {
                var values = numbers.floats([1, 7, 9, channels]).floats
                for index in stride(from: 5, to: values.count, by: 41) { values[index] = .nan }
                let x = Tensor(values, shape: [1, 7, 9, channels])
                let output = Tensor.poisoned([1, window.outputHeight(of: 7), window.outputWidth(of: 9), channels])
                Pooling.max(x, window: window, into: output, pool: ThreadPool(threads: 1), tier: tier)
                for (found, seen) in zip(output.floats, Self.seen(x, window: window, shape: output.shape)) {
                    let expected = seen.contains(where: \.isNaN) ? Double.nan : seen.max() ?? -.infinity
                    #expect(Double(found) == expected || found.isNaN && expected.isNaN)
                }
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func agreesWithTheDefinition(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 4)
        for window in Self.windows {
            for channels in [1, 3, 16, 17, 40, 64] {
                let x = numbers.floats([2, 7, 9, channels])
                let shape: Shape = [2, window.outputHeight(of: 7), window.outputWidth(of: 9), channels]
                let outputs = (0..<3).map { _ in Tensor.poisoned(shape) }
                let pool = ThreadPool(threads: 2)
                Pooling.max(x, window: window, into: outputs[0], pool: pool, tier: tier)
                Pooling.average(
                    x, window: window, countIncludesPadding: false, into: outputs[1], pool: pool, tier: tier)
                Pooling.average(x, window: window, countIncludesPadding: true, into: outputs[2], pool: pool, tier: tier)
                let seen = Self.seen(x, window: window, shape: shape)
                let area = Double(window.kernel.area)
                #expect(outputs[0].floats.map(Double.init) == seen.map { $0.max() ?? -.infinity })
                #expect(
                    largestError(outputs[1].floats, seen.map { $0.reduce(0, +) / Double(max(1, $0.count)) }) < 1e-6)
                #expect(largestError(outputs[2].floats, seen.map { $0.reduce(0, +) / area }) < 1e-6)
            }
        }
    }

    /// The numbers under the window at each output.
    static func seen(_ x: Tensor, window: SlidingWindow, shape: Shape) -> [[Double]] {
        let (values, from) = (x.floats, x.shape)
        return (0..<shape.elementCount).map { index in
            let channel = index % shape[3]
            let column = index / shape[3] % shape[2]
            let row = index / shape[3] / shape[2] % shape[1]
            let image = index / shape[3] / shape[2] / shape[1]
            var seen: [Double] = []
            for ky in 0..<window.kernel.height {
                for kx in 0..<window.kernel.width {
                    let iy = row * window.stride.height - window.padding.top + ky * window.dilation.height
                    let ix = column * window.stride.width - window.padding.left + kx * window.dilation.width
                    guard (0..<from[1]).contains(iy), (0..<from[2]).contains(ix) else { continue }
                    seen.append(Double(values[((image * from[1] + iy) * from[2] + ix) * from[3] + channel]))
                }
            }
            return seen
        }
    }

    /// Rounded up, the last window of 5 columns with stride 2 and a kernel of 2 reaches past the end by one.
    @Test func averageLeavesOutWhatLiesPastThePadding() {
        let x = Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5), shape: [1, 1, 5, 1])
        let window = SlidingWindow(
            kernel: Extent2D(height: 1, width: 2), stride: Extent2D(height: 1, width: 2))
        for countIncludesPadding in [false, true] {
            let output = Tensor.poisoned([1, 1, 3, 1])
            Pooling.average(
                x, window: window, countIncludesPadding: countIncludesPadding, into: output,
                pool: ThreadPool(threads: 1))
            #expect(output.floats == [1.5, 3.5, 5])
        }
    }

    @Test func globalAverageIsTheMeanOfEachChannel() {
        let x = Tensor((0..<24).map { Float($0) }, shape: [2, 2, 2, 3])
        let output = Tensor.poisoned([2, 1, 1, 3])
        Pooling.globalAverage(x, into: output, pool: ThreadPool(threads: 1))
        #expect(output.floats == [4.5, 5.5, 6.5, 16.5, 17.5, 18.5])
    }
}
