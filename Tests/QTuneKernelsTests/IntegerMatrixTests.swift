import QTuneKernels
import QTuneTensor
import Testing

@Suite struct IntegerMatrixTests {
    struct Product: CustomTestStringConvertible, Sendable {
        var rows: Int
        var depth: Int
        var columns: Int
        var testDescription: String { "\(rows)x\(depth)x\(columns)" }
    }

    /// Rows and columns round the tiles of every kernel, depths that are and are not multiples of 4, and nothing.
    static let products: [Product] = [
        (1, 1, 1), (1, 64, 33), (2, 3, 16), (4, 4, 15), (5, 27, 17), (6, 65, 32), (11, 8, 31), (12, 64, 48),
        (13, 12, 65), (25, 5, 7), (3, 1000, 9), (37, 16, 100), (43, 130, 67), (0, 4, 4), (3, 0, 5),
    ].map { Product(rows: $0.0, depth: $0.1, columns: $0.2) }

    private func sums(
        _ product: Product, _ a: [Int], _ aZero: Int, _ b: [Int], _ bZeros: [Int32], _ bias: [Int32]
    ) -> [Int] {
        (0..<product.rows * product.columns).map { index in
            let (row, column) = (index / product.columns, index % product.columns)
            return (0..<product.depth).reduce(Int(bias[column])) { sum, k in
                sum + (a[row * product.depth + k] - aZero) * (b[k * product.columns + column] - Int(bZeros[column]))
            }
        }
    }

    @Test(arguments: products, [false, true]) func everyTierGivesTheDefinedBits(
        _ product: Product, _ extreme: Bool
    ) throws {
        var noise = IntegerNoise(seed: product.rows * 31 + product.columns)
        for (aType, bType) in [(DType.uint8, DType.int8), (.int8, .int8), (.uint8, .uint8), (.int8, .uint8)] {
            let a = noise.integers(product.rows * product.depth, aType, extreme: extreme)
            let b = noise.integers(product.depth * product.columns, bType, extreme: extreme)
            let aZero = noise.integers(1, aType, extreme: extreme)[0]
            let bZeros = noise.integers(product.columns, bType, extreme: extreme).map { Int32($0) }
            let bias = (0..<product.columns).map { _ in Int32(noise.next(below: 2001) - 1000) }
            let sums = sums(product, a, aZero, b, bZeros, bias)
            let left = integerTensor(a, aType, shape: [product.rows, product.depth])
            let right = integerTensor(b, bType, shape: [product.depth, product.columns])
            let transposed = (0..<b.count).map { b[$0 % product.depth * product.columns + $0 / product.depth] }
            let turned = integerTensor(transposed, bType, shape: [product.columns, product.depth])
            let scales = bias.map { abs(Float($0)) * 1e-5 + 1e-4 }
            let epilogues: [IntegerEpilogue] = [
                .accumulators, .dequantize(scales: scales, bias: scales),
                .requantize(Requantization(multipliers: scales, zeroPoint: 3, dtype: .int8)),
            ]
            for epilogue in epilogues {
                let expected = sums.enumerated().map {
                    IntegerReference.finish($1, channel: $0 % product.columns, epilogue)
                }
                for tier in CPUTier.available {
                    for (weights, isTurned) in [(right, false), (turned, true)] {
                        let matrix = try IntegerMatrix(
                            weights, transposed: isTurned, weightZeroPoints: bZeros, bias: bias, inputType: aType,
                            inputZeroPoint: Int32(aZero), epilogue: epilogue, tier: tier)
                        let output = Tensor(zeros: epilogue.outputType, shape: [product.rows, product.columns])
                        matrix.run(left, into: output, pool: ThreadPool(threads: 1))
                        #expect(IntegerReference.results(output) == expected, "\(tier.name) \(aType) \(bType)")
                    }
                }
            }
        }
    }

    /// 2^16 products of 255 * 127 leave int32: 65536 * 32385 = 2122383360 is the last that fits, 70000 of them wrap.
    @Test func sumsWrap() throws {
        let depth = 70_000
        let a = Tensor([UInt8](repeating: 255, count: depth), shape: [1, depth])
        let b = Tensor([Int8](repeating: 127, count: depth), shape: [depth, 1])
        for tier in CPUTier.available {
            let matrix = try IntegerMatrix(b, inputType: .uint8, inputZeroPoint: 0, epilogue: .accumulators, tier: tier)
            let output = Tensor(zeros: .int32, shape: [1, 1])
            matrix.run(a, into: output, pool: ThreadPool(threads: 1))
            // 70000 * 32385 - 2^32
            #expect(output.array(of: Int32.self) == [-2_028_017_296], "\(tier.name)")
        }
    }

    @Test func zeroPointAndScaleOfTheRun() throws {
        let a = Tensor([1, 2, 3, 4] as [UInt8], shape: [2, 2])
        let b = Tensor([1, -1, 2, 5] as [Int8], shape: [2, 2])
        let matrix = try IntegerMatrix(
            b, inputType: .uint8, inputZeroPoint: 0, epilogue: .dequantize(scales: [0.5, 0.25], bias: [1, 0]))
        let output = Tensor(zeros: .float32, shape: [2, 2])
        matrix.run(a, inputZeroPoint: 2, inputScale: 2, into: output, pool: ThreadPool(threads: 1))
        // (a - 2) b = [[-1, 1], [5, 9]]
        #expect(output.array(of: Float.self) == [0, 0.5, 6, 4.5])
    }

    @Test func refusesWhatDoesNotFit() throws {
        let weights = Tensor(zeros: .int8, shape: [4, 3])
        #expect(throws: QTuneError.self) {
            try IntegerMatrix(weights, bias: [0], inputType: .uint8, inputZeroPoint: 0, epilogue: .accumulators)
        }
        #expect(throws: QTuneError.self) {
            try IntegerMatrix(weights, inputType: .uint8, inputZeroPoint: 256, epilogue: .accumulators)
        }
        #expect(throws: QTuneError.self) {
            try IntegerMatrix(
                weights, inputType: .uint8, inputZeroPoint: 0,
                epilogue: .requantize(Requantization(multipliers: [1, 1], zeroPoint: 0, dtype: .uint8)))
        }
        #expect(throws: QTuneError.self) {
            try IntegerMatrix(
                Tensor(zeros: .float32, shape: [4, 3]), inputType: .uint8, inputZeroPoint: 0, epilogue: .accumulators)
        }
    }
}
