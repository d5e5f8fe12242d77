import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct PlaneWindowsTests {
    private static let axes: [[PlaneAxis]] = [
        [PlaneAxis(input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, padding: 0)],
        [PlaneAxis(input: 5, output: 7, kernel: 3, stride: 1, dilation: 1, padding: 2)],
        [PlaneAxis(input: 33, output: 17, kernel: 3, stride: 2, dilation: 1, padding: 1)],
        [PlaneAxis(input: 70, output: 23, kernel: 2, stride: 3, dilation: 2, padding: 1)],
        [PlaneAxis(input: 3, output: 6, kernel: 2, stride: 1, dilation: 5, padding: 4)],
        [
            PlaneAxis(input: 9, output: 5, kernel: 3, stride: 2, dilation: 1, padding: 1),
            PlaneAxis(input: 40, output: 40, kernel: 3, stride: 1, dilation: 1, padding: 1),
        ],
        [
            PlaneAxis(input: 4, output: 2, kernel: 2, stride: 2, dilation: 1, padding: 0),
            PlaneAxis(input: 5, output: 3, kernel: 3, stride: 1, dilation: 2, padding: 1),
            PlaneAxis(input: 17, output: 9, kernel: 2, stride: 2, dilation: 1, padding: 1),
        ],
    ]

    private static let functions: [(Reduction.Function, start: Double, @Sendable (Double, Double) -> Double)] = [
        (.max, -.infinity, { max($0, $1) }), (.min, .infinity, { min($0, $1) }), (.sum, 0, { $0 + $1 }),
        (.sumOfSquares, 0, { $0 + $1 * $1 }), (.sumOfMagnitudes, 0, { $0 + abs($1) }),
    ]

    @Test(arguments: CPUTier.available) func reducesWhatWindowsShow(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 6)
        for axes in Self.axes {
            let input = numbers.floats(Shape([3] + axes.map(\.input)))
            for (function, start, join) in Self.functions {
                let outputs = [1, 3].map { threads in
                    let output = Tensor.poisoned(Shape([3] + axes.map(\.output)))
                    PlaneWindows.reduce(
                        function, input, axes: axes, into: output, pool: ThreadPool(threads: threads), tier: tier)
                    return output
                }
                let expected = (0..<outputs[0].count).map { index in
                    Self.elements(index, axes).reduce(start) { join($0, Double(input.floats[$1])) }
                }
                #expect(largestError(outputs[0].floats, expected) < 1e-5, "\(function) of \(axes)")
                #expect(outputs[0] == outputs[1])
            }
        }
    }

    @Test func dividesByCounts() {
        let axes = [
            PlaneAxis(input: 2, output: 2, kernel: 2, stride: 1, dilation: 1, padding: 1),
            PlaneAxis(input: 3, output: 2, kernel: 2, stride: 2, dilation: 1, padding: 1),
        ]
        let output = Tensor.poisoned([1, 2, 2])
        PlaneWindows.reduce(
            .sum, Tensor([Float(1), 2, 3, 4, 5, 6], shape: [1, 2, 3]), axes: axes, counts: [[1, 2], [1, 2]],
            into: output, pool: ThreadPool(threads: 1))
        #expect(output.floats == [1, 2.5, 2.5, 4])
    }

    /// The places of the elements under window number `index` of all planes.
    private static func elements(_ index: Int, _ axes: [PlaneAxis]) -> [Int] {
        var (rest, places, step) = (index, [0], 1)
        for axis in axes.reversed() {
            let origin = rest % axis.output * axis.stride - axis.padding
            rest /= axis.output
            let own = (0..<axis.kernel).map { origin + $0 * axis.dilation }.filter { (0..<axis.input).contains($0) }
            places = own.flatMap { element in places.map { element * step + $0 } }
            step *= axis.input
        }
        return places.map { rest * step + $0 }
    }
}
