import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct ResamplingTests {
    /// Taps of an axis from `input` to `output` elements that come close together, far apart, and with weights of 0.
    private static func taps(_ input: Int, _ output: Int, _ count: Int, _ numbers: inout SeededGenerator) -> AxisTaps {
        let weights = numbers.floats([output, count]).floats
        let step = Double(input) / Double(output)
        return AxisTaps(
            input: input,
            indices: (0..<output).map { x in
                (0..<count).map { min(input - 1, Int(Double(x) * step) + $0 * $0) }
            },
            weights: (0..<output).map { x in
                (0..<count).map { ($0 + x) % 5 == 4 ? 0 : weights[x * count + $0] }
            })
    }

    private static let cases: [(shape: Shape, resized: [Int: Int], taps: Int)] = [
        ([1], [0: 3], 1), ([7], [0: 3], 2), ([5], [0: 40], 2), ([100], [0: 33], 4), ([3, 300], [1: 47], 3),
        ([2, 3, 16, 17], [2: 33, 3: 31], 2), ([1, 2, 31, 9], [2: 5, 3: 65], 4), ([1, 9, 8, 3], [1: 17, 2: 20], 2),
        ([1, 9, 8, 33], [1: 17, 2: 20], 2), ([1, 6, 5, 70], [1: 3, 2: 9], 9), ([2, 5, 6, 7], [1: 8, 3: 15], 2),
        ([2, 4, 5, 6, 7], [2: 9, 3: 11, 4: 13], 2), ([1, 200, 90, 1], [1: 400, 2: 180], 2), ([2, 5, 33], [0: 3], 3),
    ]

    @Test(arguments: CPUTier.available) func sumsWhatTapsSay(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 5)
        for (shape, resized, count) in Self.cases {
            let x = numbers.floats(shape)
            var axes = [AxisTaps?](repeating: nil, count: shape.rank)
            var expected = x.floats.map { Double($0) }
            var lengths = shape.dimensions
            for axis in lengths.indices {
                guard let output = resized[axis] else { continue }
                let made = Self.taps(lengths[axis], output, count, &numbers)
                axes[axis] = made
                expected = Self.resampled(expected, lengths, axis, made)
                lengths[axis] = output
            }
            let outputs = [1, 3].map { threads in
                let output = Tensor.poisoned(Shape(lengths))
                Resampling.interpolate(x, axes, into: output, pool: ThreadPool(threads: threads), tier: tier)
                return output
            }
            #expect(largestError(outputs[0].floats, expected) < 1e-5, "\(shape) to \(lengths)")
            #expect(outputs[0] == outputs[1])
        }
    }

    private static func resampled(_ x: [Double], _ lengths: [Int], _ axis: Int, _ taps: AxisTaps) -> [Double] {
        let outer = lengths[..<axis].reduce(1, *)
        let inner = lengths[(axis + 1)...].reduce(1, *)
        return (0..<outer * taps.output * inner).map { index in
            let (block, place, run) = (index / inner / taps.output, index / inner % taps.output, index % inner)
            return (0..<taps.taps).reduce(0) { sum, tap in
                let (element, weight) = taps.term(tap, of: place)
                return sum + Double(weight) * x[(block * lengths[axis] + element) * inner + run]
            }
        }
    }

    /// What has no weight may be infinite.
    @Test(arguments: CPUTier.available) func termsWithoutWeightDoNotCount(tier: CPUTier) {
        for shape: Shape in [[2, 1], [2, 40], [1, 2]] {
            let axis = shape[0] == 2 ? 0 : 1
            let x = Tensor(
                (0..<shape.elementCount).map { $0 < shape.elementCount / 2 ? 3 : Float.infinity }, shape: shape)
            var axes: [AxisTaps?] = [nil, nil]
            axes[axis] = AxisTaps(input: 2, indices: [[0, 1], [1, 0]], weights: [[1, 0], [0, 2]])
            let output = Tensor.poisoned(shape)
            Resampling.interpolate(x, axes, into: output, pool: ThreadPool(threads: 1), tier: tier)
            #expect(output.floats.allSatisfy { $0 == 3 || $0 == 6 }, "\(shape)")
        }
    }

    @Test(arguments: CPUTier.available) func picksElementsOfEveryWidth(tier: CPUTier) {
        let cases: [(Shape, [[Int]?])] = [
            ([5], [[4, 4, 0, 1]]), ([3, 40], [nil, Array((0..<80).map { $0 / 2 })]),
            ([3, 40], [[2, 2, 0, 0, 1], Array((0..<40).reversed())]),
            ([1, 3, 5, 3], [nil, [0, 0, 1, 1, 2], [4, 0], nil]),
            ([2, 100], [nil, [99, 0, 50, 98, 1, 2, 3, 97, 4, 5, 6, 7, 8, 9, 10, 11, 12]]), ([2, 3], [nil, nil]),
            ([4, 3, 20], [[3, 0], nil, nil]),
        ]
        for (shape, places) in cases {
            for dtype in [DType.uint8, .uint16, .float32, .float64] {
                let width = dtype.bitWidth / 8
                let bytes = (0..<shape.elementCount * width).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 7) }
                let x = Tensor(uninitialized: dtype, shape: shape)
                x.withMutableBytes { for index in bytes.indices { $0[index] = bytes[index] } }
                let chosen = zip(shape.dimensions, places).map { $1 ?? Array(0..<$0) }
                let output = Tensor(uninitialized: dtype, shape: Shape(chosen.map(\.count)))
                ElementPicking.pick(x, places, into: output, pool: ThreadPool(threads: 2), tier: tier)
                var sources = [0]
                for (axis, steps) in chosen.enumerated() {
                    sources = sources.flatMap { start in steps.map { start * shape[axis] + $0 } }
                }
                let expected = sources.flatMap { Array(bytes[$0 * width..<($0 + 1) * width]) }
                #expect(
                    output.withBytes { result in result.indices.map { result[$0] } } == expected, "\(shape) \(dtype)")
            }
        }
    }

    @Test(arguments: CPUTier.available) func movesEverySoManyElements(tier: CPUTier) {
        for (columns, step) in [(1, 1), (5, 2), (28, 2), (17, 3), (40, 9)] {
            let x = Tensor((0..<3 * columns * step).map { Float($0) }, shape: [3, columns * step])
            let output = Tensor.poisoned([3, columns])
            SteppedRows(columns: columns, step: step).move(
                3, of: x, from: step - 1, stride: columns * step - step + 1, into: output, at: 0, tier: tier)
            let expected = (0..<3 * columns).map { index in
                Float(step - 1 + index / columns * (columns * step - step + 1) + index % columns * step)
            }
            #expect(output.floats == expected, "\(columns) elements \(step) apart")
        }
    }
}
