import Foundation
import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct SoftmaxTests {
    /// Runs along an axis that is not the last, of lengths round those of registers and strips.
    @Test(arguments: CPUTier.available)
    func runsApartFollowTheFormula(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 12)
        for (outer, length, inner) in [(1, 1, 5), (2, 3, 2), (1, 21, 700), (3, 17, 1), (2, 200, 33), (1, 1000, 1)] {
            let x = numbers.floats([outer, length, inner], in: -30...30)
            let values = x.floats.map(Double.init)
            var (expected, logarithms) = (values, values)
            for run in 0..<outer * inner {
                let start = run / inner * length * inner + run % inner
                let places = (0..<length).map { start + $0 * inner }
                let largest = places.map { values[$0] }.max() ?? 0
                let sum = places.reduce(0) { $0 + exp(values[$1] - largest) }
                for place in places {
                    expected[place] = exp(values[place] - largest) / sum
                    logarithms[place] = values[place] - largest - log(sum)
                }
            }
            for threads in [1, 3] {
                let pool = ThreadPool(threads: threads)
                let (y, z) = (Tensor.poisoned(x.shape), Tensor.poisoned(x.shape))
                Softmax.runs(x, length: length, inner: inner, into: y, pool: pool, tier: tier)
                Softmax.logarithmRuns(x, length: length, inner: inner, into: z, pool: pool, tier: tier)
                #expect(largestError(y.floats, expected) < 1e-6, "\(outer) x \(length) x \(inner)")
                #expect(largestError(z.floats, logarithms) < 1e-6, "\(outer) x \(length) x \(inner)")
            }
        }
    }
}

struct ExtremePlacesTests {
    static let rows: [(values: [Float], largest: Bool, last: Bool, place: Int64)] = [
        ([3], true, false, 0),
        ([1, 5, 5, 2], true, false, 1),
        ([1, 5, 5, 2], true, true, 2),
        ([1, 5, 1, 2], false, true, 2),
        ([1, .nan, 7, 2], true, false, 2),
        ([.nan, 1, 7], true, false, 0),
        ([-.infinity, -.infinity], true, false, 0),
        ([-0.0, 0.0], true, true, 1),
    ]

    /// Alone along a row, and side by side with others.
    @Test(arguments: CPUTier.available)
    func findsFirstOrLast(tier: CPUTier) {
        for (values, largest, last, place) in Self.rows {
            for inner in [1, 2, 600] {
                let x = Tensor(values.flatMap { [Float](repeating: $0, count: inner) })
                let output = Tensor(zeros: .int64, shape: [inner])
                ExtremePlaces.run(
                    x, length: values.count, inner: inner, largest: largest, takesLast: last, into: output,
                    pool: ThreadPool(threads: 2), tier: tier)
                #expect(output.array(of: Int64.self) == [Int64](repeating: place, count: inner), "\(values)")
            }
        }
    }
}
