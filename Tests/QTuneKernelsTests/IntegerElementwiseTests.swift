import QTuneKernels
import QTuneTensor
import Testing

@Suite struct IntegerElementwiseTests {
    private let pools = [ThreadPool(threads: 1), ThreadPool(threads: 2)]

    /// Ties, both sides of each, ends, values past every integer, and what is no number.
    private static let floats: [Float] =
        [
            0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 0.50000006, 127, 127.5, 128.5, 254.5, 255.5, -128.5,
            -129, 32767.5, 65535.5, -32768.5, 1e9, -1e9, 3e38, -3e38, .infinity, -.infinity, Float(bitPattern: 71_362),
            8_388_609,
            -4_194_305,
        ] + (0..<40).map { Float($0 * 7 - 140) / 8 }

    private static let types: [DType] = [.uint8, .int8, .uint16, .int16]

    private func forEachWay(_ body: (CPUTier, ThreadPool) throws -> Void) rethrows {
        for tier in CPUTier.available { for pool in pools { try body(tier, pool) } }
    }

    @Test(arguments: types) func quantizes(_ dtype: DType) throws {
        let range = try #require(dtype.integerRange)
        for (scale, zero) in [(Float(1), 0), (0.5, range.upperBound), (0.1, range.lowerBound), (3, 5)] {
            let values = (0..<700).flatMap { _ in Self.floats }
            let expected = Self.floats.map {
                IntegerReference.requantize(
                    $0 / scale, zeroPoint: Int32(zero), lower: Int32(range.lowerBound), upper: Int32(range.upperBound))
            }
            let parameters = QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [Int32(zero)])
            forEachWay { tier, pool in
                let output = Tensor(zeros: dtype, shape: [values.count])
                IntegerElementwise.quantize(Tensor(values), parameters, into: output, pool: pool, tier: tier)
                let integers = output.integers ?? []
                #expect(Array(integers.prefix(expected.count)) == expected, "\(tier.name) \(scale) \(zero)")
                #expect(Array(integers.suffix(expected.count)) == expected, "\(tier.name) \(scale) \(zero)")
            }
        }
    }

    /// Numbers at, and next to, those whose quotient lies half way between two integers.
    @Test(arguments: [DType.uint8, .int8]) func roundsQuotientsAsDivisionDoes(_ dtype: DType) throws {
        let range = try #require(dtype.integerRange)
        var scales: [Float] = [0x1p-101, 0x1p-100, 0x1.fffffep-3, 0x1.000002p-3, 1 / 255, 3, 0x1p99, 0x1p100, 0x1p120]
        var state: UInt32 = 7
        for _ in 0..<40 {
            state = state &* 1_664_525 &+ 1_013_904_223
            scales.append(Float(bitPattern: 0x3000_0000 + state >> 4))
        }
        for scale in scales {
            let values = (0..<257).flatMap { step -> [Float] in
                let middle = (Float(step) + 0.5) * scale
                return [middle, -middle, middle.nextUp, middle.nextDown, -middle.nextUp, middle.nextUp.nextUp]
            }
            let zero = Int32(range.lowerBound + 100)
            let expected = values.map {
                IntegerReference.requantize(
                    $0 / scale, zeroPoint: zero, lower: Int32(range.lowerBound), upper: Int32(range.upperBound))
            }
            let parameters = QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [zero])
            forEachWay { tier, pool in
                let output = Tensor(zeros: dtype, shape: [values.count])
                IntegerElementwise.quantize(Tensor(values), parameters, into: output, pool: pool, tier: tier)
                #expect(output.integers == expected, "\(tier.name), scale \(scale)")
            }
        }
    }

    /// Every dividend and divisor whose quotient lies so near the middle between k + 1/2 and the next float that a
    /// product with the inverse and what is missing from it could round to the other one: X * 2^g = S * N + d with a
    /// small d, where S and X are their significands and N half units of the quotient.
    @Test func roundsTheQuotientsNearestToMiddlesAsDivisionDoes() {
        for k in 0..<256 {
            let half = Float(k) + 0.5
            for neighbour in [half.nextDown, half.nextUp] {
                let unit = (neighbour - half).magnitude / 2
                let middle = UInt64(half / unit) &+ (neighbour > half ? 1 : UInt64.max)
                for (x, scale) in Self.nearMisses(of: middle, unit: unit) {
                    let expected = IntegerReference.requantize(x / scale, zeroPoint: 0, lower: 0, upper: 255)
                    let parameters = QuantizationParameters(dtype: .uint8, scales: [scale], zeroPoints: [0])
                    let values = Tensor([Float](repeating: x, count: 64))
                    for tier in CPUTier.available {
                        let output = Tensor(zeros: .uint8, shape: [64])
                        IntegerElementwise.quantize(
                            values, parameters, into: output, pool: ThreadPool.shared(threads: 1), tier: tier)
                        if output.integers?.first != expected { Issue.record("\(x) / \(scale), \(tier.name)") }
                    }
                }
            }
        }
    }

    /// Floats x and s with significands X and S and x / s within a few 2^-25 of `middle` times `unit`.
    private static func nearMisses(of middle: UInt64, unit: Float) -> [(x: Float, scale: Float)] {
        var inverse = middle
        for _ in 0..<5 { inverse &*= 2 &- middle &* inverse }
        let significands = UInt64(1 << 23)..<UInt64(1 << 24)
        return [UInt64(24), 25].flatMap { g in
            (-16...16).compactMap { d -> (Float, Float)? in
                let scale = (UInt64(bitPattern: Int64(-d)) &* inverse) & (1 << g - 1)
                guard d != 0, significands.contains(scale) else { return nil }
                let x = (scale &* middle &+ UInt64(bitPattern: Int64(d))) >> g
                return significands.contains(x) ? (Float(x) * Float(UInt64(1) << g) * unit, Float(scale)) : nil
            }
        }
    }

    @Test func notANumberBecomesTheSmallestInteger() {
        let parameters = QuantizationParameters(dtype: .int8, scales: [1], zeroPoints: [3])
        for count in [1, 64, 131] {
            let numbers = (0..<count).map { $0 % 3 == 0 ? Float.nan : 5 }
            forEachWay { tier, pool in
                let output = Tensor(zeros: .int8, shape: [count])
                IntegerElementwise.quantize(Tensor(numbers), parameters, into: output, pool: pool, tier: tier)
                #expect(output.array(of: Int8.self) == numbers.map { $0.isNaN ? -128 : 8 }, "\(tier.name)")
            }
        }
    }

    @Test(arguments: [0, 1, 2]) func quantizesAndDequantizesAlongAnAxis(_ axis: Int) {
        let shape: Shape = [3, 5, 17]
        let count = shape[axis]
        let values = (0..<shape.elementCount).map { Float($0 * 37 % 251) * 0.37 - 40 }
        let parameters = QuantizationParameters(
            dtype: .uint8, scales: (0..<count).map { Float($0 + 1) * 0.13 },
            zeroPoints: (0..<count).map { Int32($0 * 15) }, axis: axis)
        let channels = (0..<shape.elementCount).map { $0 / shape.strides[axis] % count }
        let expected = zip(values, channels).map {
            IntegerReference.requantize(
                $0 / parameters.scales[$1], zeroPoint: parameters.zeroPoints[$1], lower: 0, upper: 255)
        }
        let real = zip(expected, channels).map { Float($0 - Int(parameters.zeroPoints[$1])) * parameters.scales[$1] }
        forEachWay { tier, pool in
            let integers = Tensor(zeros: .uint8, shape: shape)
            IntegerElementwise.quantize(
                Tensor(values, shape: shape), parameters, into: integers, pool: pool, tier: tier)
            #expect(integers.integers == expected, "\(tier.name)")
            let floats = Tensor(zeros: .float32, shape: shape)
            IntegerElementwise.dequantize(integers, parameters, into: floats, pool: pool, tier: tier)
            #expect(floats.array(of: Float.self) == real, "\(tier.name)")
        }
    }

    @Test(arguments: types + [.int32]) func dequantizes(_ dtype: DType) throws {
        let range = try #require(dtype.integerRange)
        let values = [range.lowerBound, range.lowerBound + 1, -1, 0, 1, 77, range.upperBound].filter(range.contains)
        let parameters = QuantizationParameters(dtype: dtype, scales: [0.3], zeroPoints: [dtype == .int32 ? 0 : 7])
        let expected = values.map { Float($0 - Int(parameters.zeroPoints[0])) * 0.3 }
        forEachWay { tier, pool in
            let output = Tensor(zeros: .float32, shape: [values.count])
            IntegerElementwise.dequantize(
                integerTensor(values, dtype, shape: [values.count]), parameters, into: output, pool: pool, tier: tier)
            #expect(output.array(of: Float.self) == expected, "\(tier.name)")
        }
    }

    /// Same shape, scalars, channels of both layouts, and stretches on both sides at once.
    private static let broadcasts: [(Shape, Shape, Shape)] = [
        ([2, 3, 5, 17], [2, 3, 5, 17], [2, 3, 5, 17]), ([33], [1], [33]), ([], [7, 5], [7, 5]),
        ([2, 4, 5, 19], [19], [2, 4, 5, 19]), ([2, 19, 4, 5], [1, 19, 1, 1], [2, 19, 4, 5]),
        ([3, 1], [1, 65], [3, 65]),
        ([2, 1, 3, 1], [5, 1, 4], [2, 5, 3, 4]), ([100, 257], [100, 257], [100, 257]), ([], [], []),
    ]

    @Test(arguments: broadcasts.indices, [DType.uint8, .int8]) func addsAndMultiplies(_ index: Int, _ dtype: DType)
        throws
    {
        let (aShape, bShape, shape) = Self.broadcasts[index]
        let range = try #require(dtype.integerRange)
        var noise = IntegerNoise(seed: index)
        let a = noise.integers(aShape.elementCount, dtype, extreme: index % 2 == 1)
        let b = noise.integers(bShape.elementCount, dtype, extreme: false)
        let (za, zb, zc) = (Int32(range.upperBound), Int32(range.lowerBound), Int32(range.lowerBound + 100))
        let (sa, sb, sc) = (Float(0.11), Float(0.07), Float(0.23))
        func element(_ values: [Int], _ own: Shape, _ flat: Int) -> Int {
            var (rest, offset) = (flat, 0)
            for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
                let position = rest % shape[axis]
                rest /= shape[axis]
                let mine = axis - (shape.rank - own.rank)
                if mine >= 0 && own[mine] > 1 { offset += position * own.strides[mine] }
            }
            return values[offset]
        }
        var (sums, products): ([Int], [Int]) = ([], [])
        let bounds = (lower: Int32(range.lowerBound), upper: Int32(range.upperBound))
        for flat in 0..<shape.elementCount {
            let (x, y) = (element(a, aShape, flat) - Int(za), element(b, bShape, flat) - Int(zb))
            let (left, right) = (Float(x) * (sa / sc), Float(y) * (sb / sc))
            sums.append(
                IntegerReference.requantize(left + right, zeroPoint: zc, lower: bounds.lower, upper: bounds.upper))
            products.append(
                IntegerReference.requantize(
                    Float(x * y) * (sa * sb / sc), zeroPoint: zc, lower: bounds.lower, upper: bounds.upper))
        }
        let left = integerTensor(a, dtype, shape: aShape)
        let right = integerTensor(b, dtype, shape: bShape)
        let (pa, pb, pc) = (
            QuantizationParameters(dtype: dtype, scales: [sa], zeroPoints: [za]),
            QuantizationParameters(dtype: dtype, scales: [sb], zeroPoints: [zb]),
            QuantizationParameters(dtype: dtype, scales: [sc], zeroPoints: [zc])
        )
        forEachWay { tier, pool in
            let output = Tensor(zeros: dtype, shape: shape)
            IntegerElementwise.add(left, pa, right, pb, to: pc, into: output, pool: pool, tier: tier)
            #expect(output.integers == sums, "\(tier.name)")
            let product = Tensor(zeros: dtype, shape: shape)
            IntegerElementwise.multiply(left, pa, right, pb, to: pc, into: product, pool: pool, tier: tier)
            #expect(product.integers == products, "\(tier.name)")
        }
    }

    /// The result may lie where an operand lay, and runs end anywhere within a vector.
    @Test(arguments: [1, 31, 32, 33, 63, 64, 65, 127, 200], [DType.uint8, .int8]) func worksInPlace(
        _ count: Int, _ dtype: DType
    ) throws {
        let range = try #require(dtype.integerRange)
        var noise = IntegerNoise(seed: count)
        let a = noise.integers(count, dtype, extreme: false)
        let b = noise.integers(count, dtype, extreme: true)
        let from = QuantizationParameters(dtype: dtype, scales: [0.07], zeroPoints: [Int32(range.lowerBound + 3)])
        // The second ratio is past what any rounding to integers can hold.
        for scale in [Float(0.11), 1e-12] {
            let to = QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [Int32(range.upperBound - 9)])
            let clamp = Int32(range.lowerBound + 20)...Int32(range.upperBound - 2)
            func expected(_ real: Float) -> Int {
                IntegerReference.requantize(
                    real, zeroPoint: to.zeroPoints[0], lower: clamp.lowerBound, upper: clamp.upperBound)
            }
            let centred = { (value: Int) in Float(value - Int(from.zeroPoints[0])) }
            let sums = zip(a, b).map { expected(centred($0) * (0.07 / scale) + centred($1) * (0.07 / scale)) }
            let products = zip(a, b).map { expected(centred($0) * centred($1) * (0.07 * 0.07 / scale)) }
            let moved = a.map { expected(centred($0) * (0.07 / scale)) }
            forEachWay { tier, pool in
                let y = integerTensor(b, dtype, shape: [count])
                var x = integerTensor(a, dtype, shape: [count])
                IntegerElementwise.add(x, from, y, from, to: to, clamp: clamp, into: x, pool: pool, tier: tier)
                #expect(x.integers == sums, "\(tier.name) \(scale)")
                x = integerTensor(a, dtype, shape: [count])
                IntegerElementwise.multiply(x, from, y, from, to: to, clamp: clamp, into: x, pool: pool, tier: tier)
                #expect(x.integers == products, "\(tier.name) \(scale)")
                x = integerTensor(a, dtype, shape: [count])
                IntegerElementwise.requantize(x, from, to: to, clamp: clamp, into: x, pool: pool, tier: tier)
                #expect(x.integers == moved, "\(tier.name) \(scale)")
            }
        }
    }

    @Test func requantizesIntoPlaces() {
        let from = QuantizationParameters(dtype: .uint8, scales: [0.5], zeroPoints: [10])
        let to = QuantizationParameters(dtype: .int8, scales: [1], zeroPoints: [-3])
        let x = Tensor([0, 10, 11, 13, 255, 15] as [UInt8], shape: [2, 3])
        forEachWay { tier, pool in
            let output = Tensor(zeros: .int8, shape: [2, 5])
            IntegerElementwise.requantize(
                x, from, to: to, into: output, rows: 2, offset: 1, rowStride: 5, pool: pool, tier: tier)
            // -5, 0, 0.5 (tie to 0), 1.5 (tie to 2), 122.5 (tie to 122), 2.5 (tie to 2); less 3
            #expect(output.array(of: Int8.self) == [0, -8, -3, -3, 0, 0, -1, 119, -1, 0])
        }
    }

    @Test func looksUp() {
        let table = (0..<256).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let x = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 101) }
        forEachWay { tier, pool in
            for count in [1, 31, 65, x.count] {
                let operand = Tensor(Array(x.prefix(count)))
                let expected = x.prefix(count).map { table[Int($0)] }
                let output = Tensor(zeros: .uint8, shape: [count])
                IntegerElementwise.lookup(operand, table: table, into: output, pool: pool, tier: tier)
                #expect(output.array(of: UInt8.self) == expected, "\(tier.name) \(count)")
                IntegerElementwise.lookup(operand, table: table, into: operand, pool: pool, tier: tier)
                #expect(operand.array(of: UInt8.self) == expected, "\(tier.name) \(count) in place")
            }
        }
    }

    @Test func findsRanges() {
        forEachWay { tier, pool in
            func range(_ values: [Float]) -> [Float] {
                let range = IntegerElementwise.range(of: Tensor(values), pool: pool, tier: tier)
                return [range.minimum, range.maximum]
            }
            #expect(range([]) == [0, 0])
            #expect(range([.nan]) == [0, 0])
            #expect(range([.nan, 3, .nan, -2]) == [-2, 3])
            #expect(range((0..<50_001).map { Float($0) - 7 }) == [-7, 49_993])
            #expect(range([-0.0, 0])[0].sign == .plus)
        }
    }
}
