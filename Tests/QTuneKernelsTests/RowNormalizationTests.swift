import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct RowNormalizationTests {
    @Test(arguments: CPUTier.available)
    func followsTheFormula(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 51)
        for length in [1, 2, 7, 8, 9, 15, 16, 17, 63, 64, 65, 130, 384] {
            let x = numbers.floats([5, length], in: -3...7)
            let (scale, shift) = (numbers.floats([length]), numbers.floats([length]))
            for (factors, addends, centers) in [
                (scale, shift, true), (nil, shift, true), (scale, nil, false), (nil, nil, false),
            ] as [(Tensor?, Tensor?, Bool)] {
                let outputs = [1, 3].map { threads in
                    let output = Tensor.poisoned(x.shape)
                    RowNormalization.run(
                        x, scale: factors, shift: addends, epsilon: 1e-5, centers: centers, into: output,
                        pool: ThreadPool(threads: threads), tier: tier)
                    return output
                }
                #expect(outputs[0] == outputs[1])
                for row in 0..<5 {
                    let values = x.floats[row * length..<(row + 1) * length].map(Double.init)
                    let mean = centers ? values.reduce(0, +) / Double(length) : 0
                    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
                    let expected = values.indices.map { index in
                        (values[index] - mean) / (variance + 1e-5).squareRoot() * Double(factors?.floats[index] ?? 1)
                            + Double(addends?.floats[index] ?? 0)
                    }
                    let results = Array(outputs[0].floats[row * length..<(row + 1) * length])
                    #expect(largestError(results, expected) < 1e-5, "\(length) with centers \(centers)")
                }
            }
        }
    }

    /// Rows of two planes each, with a scale and a shift for each of the three planes that repeat.
    @Test(arguments: CPUTier.available)
    func planesScaleByTheirNumber(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 52)
        let x = numbers.floats([9, 4, 5], in: 1...3)
        let output = Tensor.poisoned(x.shape)
        let (scales, shifts): ([Float], [Float]) = ([2, -1, 0.5], [0, 10, -3])
        RowNormalization.planes(
            x, rowLength: 30, planeLength: 10, scales: scales, shifts: shifts, epsilon: 1e-3, into: output,
            pool: ThreadPool(threads: 2), tier: tier)
        let values = x.floats.map(Double.init)
        let expected = values.indices.map { index in
            let row = values[index / 30 * 30..<index / 30 * 30 + 30]
            let mean = row.reduce(0, +) / 30
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 30
            let plane = index / 10 % 3
            return (values[index] - mean) / (variance + 1e-3).squareRoot() * Double(scales[plane])
                + Double(shifts[plane])
        }
        #expect(largestError(output.floats, expected) < 1e-5)
    }

    /// Rows with a large mean lose nothing: it is taken off before anything is squared.
    @Test(arguments: CPUTier.available)
    func largeMeansDoNotHurt(tier: CPUTier) {
        let x = Tensor([Float(4096), 4097, 4098, 4099, 4100], shape: [1, 5])
        let output = Tensor.poisoned([1, 5])
        RowNormalization.run(
            x, scale: nil, shift: nil, epsilon: 0, into: output, pool: ThreadPool(threads: 1), tier: tier)
        #expect(largestError(output.floats, [-1.414_213_56, -0.707_106_78, 0, 0.707_106_78, 1.414_213_56]) < 1e-6)
    }
}
