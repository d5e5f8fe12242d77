import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct FloatMatrixTests {
    static let sizes: [(m: Int, n: Int, k: Int)] = [
        (1, 1, 1), (1, 1000, 65), (7, 15, 33), (8, 48, 16), (9, 49, 17), (6, 16, 5), (13, 97, 3), (5, 33, 0), (0, 4, 4),
        (100, 130, 257), (65, 1, 33), (17, 7, 9),
    ]

    @Test(arguments: CPUTier.available)
    func agreesWithTheSumOfProducts(tier: CPUTier) throws {
        for (seed, size) in Self.sizes.enumerated() {
            var numbers = SeededGenerator(seed: UInt64(seed + 11))
            let a = numbers.floats([size.m, size.k])
            let bias = numbers.floats([size.n])
            for transposed in [false, true] {
                let b = numbers.floats(transposed ? [size.n, size.k] : [size.k, size.n])
                let matrix = try FloatMatrix(b, transposed: transposed, bias: bias, activation: .relu, tier: tier)
                let output = Tensor.poisoned([size.m, size.n])
                matrix.run(a, into: output, pool: ThreadPool(threads: 2))
                let product = Self.product(
                    a.floats, b.floats, size, transposeA: false, transposeB: transposed)
                let expected = product.enumerated().map { max(0, $1 + Double(bias.floats[$0 % size.n])) }
                #expect(largestError(output.floats, expected) < 2e-5, "\(size)")
                let alone = Tensor.poisoned([size.m, size.n])
                matrix.run(a, into: alone, pool: ThreadPool(threads: 1))
                #expect(alone == output)
            }
        }
    }

    @Test(arguments: [false, true], [false, true])
    func generalProductsAgreeWithTheSumOfProducts(transposeA: Bool, transposeB: Bool) {
        for (seed, size) in Self.sizes.enumerated() {
            var numbers = SeededGenerator(seed: UInt64(seed + 5))
            let a = numbers.floats([size.m * size.k + 3])
            let b = numbers.floats([size.n * size.k + 2])
            let c = numbers.floats([size.m * size.n + 1])
            let product = Self.product(
                Array(a.floats.dropFirst(3)), Array(b.floats.dropFirst(2)), size, transposeA: transposeA,
                transposeB: transposeB)
            for beta in [Float(0), 1, 2] {
                let result = Tensor(c.floats)
                let expected = zip(product, c.floats.dropFirst()).map { 0.5 * $0 + Double(beta) * Double($1) }
                Gemm.multiply(
                    m: size.m, n: size.n, k: size.k, a: a, aOffset: 3, transposeA: transposeA, b: b, bOffset: 2,
                    transposeB: transposeB, c: result, cOffset: 1, alpha: 0.5, beta: beta)
                #expect(largestError(Array(result.floats.dropFirst()), expected) < 2e-5, "\(size), beta \(beta)")
                #expect(result.floats[0] == c.floats[0])
            }
        }
    }

    /// The product in double precision.
    static func product(
        _ a: [Float], _ b: [Float], _ size: (m: Int, n: Int, k: Int), transposeA: Bool, transposeB: Bool
    ) -> [Double] {
        var results = [Double](repeating: 0, count: size.m * size.n)
        for i in 0..<size.m {
            for j in 0..<size.n {
                for p in 0..<size.k {
                    let x = a[transposeA ? p * size.m + i : i * size.k + p]
                    let y = b[transposeB ? j * size.k + p : p * size.n + j]
                    results[i * size.n + j] += Double(x) * Double(y)
                }
            }
        }
        return results
    }
}
