import Foundation
import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

/// Functions in double precision.
enum ScalarReference {
    static func sigmoid(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
    static func tanh(_ x: Double) -> Double { Foundation.tanh(x) }
    static func gelu(_ x: Double) -> Double { 0.5 * x * erfc(-x / 2.0.squareRoot()) }
    static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(Foundation.exp(-abs(x))) }

    static func geluTanh(_ x: Double) -> Double {
        0.5 * x * (1 + Foundation.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }
}

/// A function, what it should give, and how far off it may be: `relative` of the result, or `absolute`.
struct UnaryCase: Sendable, CustomTestStringConvertible {
    var function: Elementwise.Unary
    var relative: Double
    var absolute: Double
    var reference: @Sendable (Double) -> Double

    init(
        _ function: Elementwise.Unary, relative: Double = 0, absolute: Double = 0,
        _ reference: @escaping @Sendable (Double) -> Double
    ) {
        self.function = function
        self.relative = relative
        self.absolute = absolute
        self.reference = reference
    }

    var testDescription: String { "\(function)" }

    static let all: [UnaryCase] = [
        UnaryCase(.relu) { max($0, 0) },
        UnaryCase(.clip(lower: -1.5, upper: 6)) { min(max($0, -1.5), 6) },
        UnaryCase(.leakyReLU(slope: 0.25)) { $0 < 0 ? 0.25 * $0 : $0 },
        UnaryCase(.elu(alpha: 1), relative: 1e-6) { $0 < 0 ? expm1($0) : $0 },
        UnaryCase(.selu(alpha: 1.5, gamma: 1.25), relative: 1e-6) { 1.25 * ($0 < 0 ? 1.5 * expm1($0) : $0) },
        UnaryCase(.celu(alpha: 2), relative: 1e-6) { $0 < 0 ? 2 * expm1($0 / 2) : $0 },
        UnaryCase(.threshold(alpha: 0.5)) { $0 <= 0.5 ? 0 : $0 },
        UnaryCase(.softsign, relative: 2e-7) { $0 / (1 + abs($0)) },
        UnaryCase(.sin, absolute: 2e-7) { $0.isInfinite ? .nan : sin($0) },
        UnaryCase(.cos, absolute: 2e-7) { $0.isInfinite ? .nan : cos($0) },
        UnaryCase(.affine(scale: 0.5, offset: -2), relative: 1e-7, absolute: 1e-7) { 0.5 * $0 - 2 },
        UnaryCase(.abs) { abs($0) },
        UnaryCase(.neg) { -$0 },
        UnaryCase(.sqrt, relative: 1e-7) { $0.squareRoot() },
        UnaryCase(.reciprocal, relative: 1e-7) { 1 / $0 },
        UnaryCase(.floor) { $0.rounded(.down) },
        UnaryCase(.ceil) { $0.rounded(.up) },
        UnaryCase(.round) { $0.rounded(.toNearestOrEven) },
        UnaryCase(.sign) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 },
        UnaryCase(.hardSigmoid(alpha: 0.25, beta: 0.5), relative: 1e-7, absolute: 1e-7) {
            min(max(0.25 * $0 + 0.5, 0), 1)
        },
        UnaryCase(.hardSwish, relative: 1e-6, absolute: 1e-6) { $0 * min(max($0 / 6 + 0.5, 0), 1) },
        UnaryCase(.exp, relative: 4e-7) { exp($0) },
        UnaryCase(.log, relative: 4e-7) { log($0) },
        UnaryCase(.sigmoid, relative: 1e-6) { ScalarReference.sigmoid($0) },
        UnaryCase(.silu, relative: 1e-6) { $0 == -.infinity ? .nan : $0 * ScalarReference.sigmoid($0) },
        UnaryCase(.tanh, relative: 1e-6) { tanh($0) },
        UnaryCase(.erf, relative: 1e-6) { erf($0) },
        UnaryCase(.gelu, relative: 1e-6, absolute: 5e-7) { $0 == -.infinity ? .nan : ScalarReference.gelu($0) },
        UnaryCase(.geluTanh, relative: 1e-6, absolute: 5e-7) { ScalarReference.geluTanh($0) },
        UnaryCase(.softplus, relative: 1e-6) { ScalarReference.softplus($0) },
        UnaryCase(.mish, relative: 2e-6) { $0 * tanh(ScalarReference.softplus($0)) },
    ]
}

struct ElementwiseTests {
    /// Finite numbers dense round 0 and spread over the range in which no function overflows, and beyond.
    static let inputs: [Float] = {
        var values: [Float] = [0, -0.0, .nan, .infinity, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1, -1, 1e-3, 100, -100, 88.7]
        values += [-87.3, 1e-6, -1e-6, 1e-30, 9, -9, 3.999, 4, 0.9999999, 1.0000001, 8_388_609, -8_388_609]
        values += (-4000...4000).map { Float($0) / 400 }
        values += (-300...300).map { Float($0) / 3.5 }
        return values
    }()

    @Test(arguments: CPUTier.available)
    func unaryAgreesWithDoublePrecision(tier: CPUTier) {
        let x = Tensor(Self.inputs)
        for testCase in UnaryCase.all {
            let y = Tensor.poisoned(x.shape)
            Elementwise.unary(testCase.function, x, into: y, pool: ThreadPool(threads: 2), tier: tier)
            for (input, result) in zip(Self.inputs, y.floats) {
                let expected = testCase.reference(Double(input))
                let isFine =
                    expected.isNaN
                    ? result.isNaN
                    : abs(Double(result) - expected) <= max(testCase.relative * abs(expected), testCase.absolute)
                        || Float(expected) == result
                        || (abs(expected) < 1.2e-38 && abs(Double(result) - expected) < 1.2e-38)
                #expect(isFine, "\(testCase.function)(\(input)) = \(result), not \(expected)")
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func unaryWritesEveryLengthAndNoFurther(tier: CPUTier) {
        let pool = ThreadPool(threads: 1)
        for function in [Elementwise.Unary.relu, .exp, .neg] {
            for length in 0...67 {
                let storage = TensorStorage(byteCount: (length + 1) * 4)
                let whole = Tensor(dtype: .float32, shape: [length + 1], storage: storage)
                whole.withMutableSpan(of: Float.self) { span in
                    for index in span.indices { span[index] = index < length ? 2 : 42 }
                }
                let part = Tensor(dtype: .float32, shape: [length], storage: storage)
                Elementwise.unary(function, part, into: part, pool: pool, tier: tier)
                #expect(whole.floats[length] == 42)
                #expect(Set(whole.floats.prefix(length)).count <= 1)
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func binaryBroadcasts(tier: CPUTier) {
        let shapes: [(Shape, Shape)] = [
            ([], []), ([7], []), ([], [7]), ([3, 5], [3, 5]), ([2, 3, 17], [17]), ([17], [2, 3, 17]),
            ([4, 1, 33], [5, 1]),
            ([2, 6, 5, 7], [1, 6, 1, 1]), ([6, 1, 1], [2, 6, 5, 7]), ([1], [3, 1]), ([3, 1], [1, 4]), ([0, 3], [3]),
            ([2, 5, 5, 3], [3]), ([2, 5, 5, 3], [2, 1, 1, 3]), ([5, 1, 7, 1], [1, 6, 1, 8]),
        ]
        let functions: [(Elementwise.Binary, @Sendable (Float, Float) -> Float)] = [
            (.add, { $0 + $1 }), (.sub, { $0 - $1 }), (.mul, { $0 * $1 }), (.div, { $0 / $1 }),
            (.max, { Swift.max($0, $1) }), (.min, { Swift.min($0, $1) }), (.prelu, { $0 < 0 ? $0 * $1 : $0 }),
        ]
        var numbers = SeededGenerator(seed: 3)
        for (first, second) in shapes {
            let (a, b) = (numbers.floats(first), numbers.floats(second))
            guard let shape = first.broadcast(with: second) else { continue }
            for (function, reference) in functions {
                let output = Tensor.poisoned(shape)
                Elementwise.binary(function, a, b, into: output, pool: ThreadPool(threads: 2), tier: tier)
                let expected = (0..<shape.elementCount).map { index in
                    reference(
                        a.floats[Self.source(index, shape, first)], b.floats[Self.source(index, shape, second)])
                }
                #expect(output.floats == expected, "\(function) of \(first) and \(second)")
            }
        }
    }

    /// The index in a tensor of shape `own` that element `index` of the broadcast `shape` comes from.
    static func source(_ index: Int, _ shape: Shape, _ own: Shape) -> Int {
        var (rest, result) = (index, 0)
        let strides = own.strides
        for axis in (0..<shape.rank).reversed() {
            let position = rest % shape[axis]
            rest /= shape[axis]
            let ownAxis = axis - (shape.rank - own.rank)
            if ownAxis >= 0, own[ownAxis] != 1 { result += position * strides[ownAxis] }
        }
        return result
    }

    /// Planes and rows, shorter and longer than what is walked at once; in place too.
    @Test(arguments: CPUTier.available)
    func channelsAreScaledAndShifted(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 6)
        let shapes = [(2, 3, 5), (1, 1, 7), (3, 1, 1), (7, 5, 1), (100, 33, 1), (3, 5000, 1), (2, 2, 9001), (0, 3, 2)]
        for (outer, channels, inner) in shapes {
            let x = numbers.floats([outer, channels, inner])
            let (factors, offsets) = (numbers.floats([channels]), numbers.floats([channels]))
            for activation in [Activation.none, .relu, .hardSwish] {
                let expected = x.floats.enumerated().map { index, number in
                    let channel = index / inner % channels
                    let value = Double(number) * Double(factors.floats[channel]) + Double(offsets.floats[channel])
                    switch activation {
                    case .none: return value
                    case .hardSwish: return value * min(max(value / 6 + 0.5, 0), 1)
                    default: return max(value, 0)
                    }
                }
                for threads in [1, 3] {
                    let output = Tensor(x.floats, shape: x.shape)
                    Elementwise.scaleAndShift(
                        output, by: factors, offsets, inner: inner, activation: activation, into: output,
                        pool: ThreadPool(threads: threads), tier: tier)
                    #expect(largestError(output.floats, expected) < 1e-6, "\(x.shape), \(activation)")
                }
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func powerAgreesWithTheLibrary(tier: CPUTier) {
        let bases = Tensor([Float](arrayLiteral: 0, 1, -2, 3, 0.5, 1e-3, 2.5, -1), shape: [8, 1])
        let exponents = Tensor([Float](arrayLiteral: 0, 1, 2, 3, 0.5, -1, 0.3, -2))
        let output = Tensor.poisoned([8, 8])
        Elementwise.binary(.pow, bases, exponents, into: output, pool: ThreadPool(threads: 1), tier: tier)
        for (i, base) in bases.floats.enumerated() {
            for (j, exponent) in exponents.floats.enumerated() {
                let expected = pow(Double(base), Double(exponent))
                let result = Double(output.floats[i * 8 + j])
                #expect(
                    result == expected || (result.isNaN && expected.isNaN)
                        || abs(result - expected) <= 2e-7 * abs(expected), "\(base) ^ \(exponent) = \(result)")
            }
        }
    }

    /// Exact, as the standard library's: quotients near integers, huge ones, denormal numbers, and what is no number.
    @Test(arguments: CPUTier.available)
    func remaindersAreExact(tier: CPUTier) {
        var values: [Float] = [
            0, -0.0, 1, -1, 3, 0.1, 0.3, -7.5, 1e-3, 16_777_215, -16_777_216, 3e38, 1e-38, .leastNonzeroMagnitude,
        ]
        values += [.infinity, -.infinity, .nan, Float(1).nextDown, Float(3).nextUp, 8_388_607.5, 1e10]
        for base in [Float(0.7), 13.1, 1e-20] { values += (1...9).flatMap { [base * Float($0), -(base / Float($0))] } }
        let output = Tensor.poisoned([values.count, values.count])
        for (a, b) in [(0, 1), (1, 0)] {
            let shapes: [Shape] = [[values.count, 1], [values.count]]
            let (x, y) = (Tensor(values, shape: shapes[a]), Tensor(values, shape: shapes[b]))
            Elementwise.binary(.remainder, x, y, into: output, pool: ThreadPool(threads: 1), tier: tier)
            for (index, result) in output.floats.enumerated() {
                let places = [index / values.count, index % values.count]
                let (u, v) = (values[places[a]], values[places[b]])
                let expected = fmod(u, v)
                #expect(
                    result == expected && result.sign == expected.sign || result.isNaN && expected.isNaN,
                    "\(u) mod \(v) is \(expected), not \(result)")
            }
        }
    }

    /// Vectors apart from each other, longer than their pairs; nothing between them is written.
    @Test(arguments: CPUTier.available)
    func pairsAreTurned(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 8)
        for pairs in [0, 1, 3, 4, 7, 8, 12, 15, 16, 17, 31, 32, 33] {
            for areNeighbours in [false, true] {
                let (columns, stride, start) = (2 * pairs + 3, 2 * pairs + 5, 2)
                let rows = [2, 0, 1, 2]
                let x = numbers.floats([start + 4 * stride])
                let (cosines, sines) = (numbers.floats([3, pairs]), numbers.floats([3, pairs]))
                let output = Tensor([Float](repeating: 42, count: x.count))
                let rotation = PairRotation(
                    pairs: pairs, columns: columns, pairsNeighbours: areNeighbours, cosines: cosines, sines: sines,
                    tier: tier)
                rotation.run(x, start: start, stride: stride, rows: rows[...], into: output)
                var expected = [Double](repeating: 42, count: x.count)
                for (index, row) in rows.enumerated() {
                    let place = start + index * stride
                    for column in 0..<columns { expected[place + column] = Double(x.floats[place + column]) }
                    for pair in 0..<pairs {
                        let first = place + (areNeighbours ? 2 * pair : pair)
                        let second = first + (areNeighbours ? 1 : pairs)
                        let (a, b) = (Double(x.floats[first]), Double(x.floats[second]))
                        let cosine = Double(cosines.floats[row * pairs + pair])
                        let sine = Double(sines.floats[row * pairs + pair])
                        expected[first] = a * cosine - b * sine
                        expected[second] = a * sine + b * cosine
                    }
                }
                #expect(largestError(output.floats, expected) < 1e-6, "\(pairs) pairs, \(areNeighbours)")
            }
        }
    }

    @Test(arguments: CPUTier.available)
    func extremesKeepNaN(tier: CPUTier) {
        let a = Tensor([Float](repeating: .nan, count: 19))
        let b = Tensor([Float](repeating: 1, count: 19))
        for function in [Elementwise.Binary.max, .min] {
            for (x, y) in [(a, b), (b, a), (a, Tensor(scalar: Float(1))), (Tensor(scalar: Float(1)), a)] {
                let output = Tensor(zeros: .float32, shape: [19])
                Elementwise.binary(function, x, y, into: output, pool: ThreadPool(threads: 1), tier: tier)
                #expect(output.floats.allSatisfy { $0.isNaN })
            }
        }
    }
}
