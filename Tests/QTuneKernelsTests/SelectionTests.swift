import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct SelectionTests {
    /// Random rows, rows of few different numbers, rows in order and rows with every special number.
    private static func rows(_ length: Int, _ numbers: inout SeededGenerator) -> [[Float]] {
        let random = numbers.floats([length]).floats
        let special: [Float] = [.nan, .infinity, -.infinity, 0, -0, 1, -1, .leastNonzeroMagnitude]
        return [
            random, random.map { ($0 * 3).rounded() }, random.sorted(), random.sorted(by: >),
            random.indices.map { special[$0 * 5 % special.count] },
        ]
    }

    @Test(arguments: CPUTier.available) func takesTheFirstInOrder(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 9)
        for (length, count) in [(1, 1), (5, 2), (16, 16), (17, 3), (100, 1), (333, 40), (1000, 999), (5000, 70)] {
            let rows = Self.rows(length, &numbers)
            let x = Tensor(rows.flatMap { $0 }, shape: [rows.count, length])
            for largest in [true, false] {
                let values = Tensor.poisoned([rows.count, count])
                let places = Tensor(zeros: .int64, shape: [rows.count, count])
                Selection.first(
                    x, largest: largest, values: values, places: places, pool: ThreadPool(threads: 2), tier: tier)
                let expected = rows.flatMap { row in
                    row.indices.sorted { a, b in
                        let (x, y) = largest ? (row[a], row[b]) : (row[b], row[a])
                        if x.isNaN != y.isNaN { return x.isNaN }
                        return x == y || x.isNaN ? a < b : x > y
                    }.prefix(count).map { Int64($0) }
                }
                #expect(places.array(of: Int64.self) == expected, "\(count) of \(length), largest \(largest)")
                let found = expected.enumerated().map { rows[$0 / count][Int($1)] }
                #expect(zip(values.floats, found).allSatisfy { $0.bitPattern == $1.bitPattern })
            }
        }
    }
}
