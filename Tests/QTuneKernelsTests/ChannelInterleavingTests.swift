import QTuneKernels
import QTuneTensor
import Testing

struct ChannelInterleavingTests {
    private static let shapes: [Shape] = [
        [1, 1, 1, 1], [1, 3, 5, 2], [1, 7, 3, 58], [2, 2, 3, 7], [1, 5, 5, 64], [1, 4, 4, 31], [3, 1, 2, 130],
        [1, 30, 31, 116],
    ]

    private func expected<Element>(_ a: [Element], _ b: [Element]) -> [Element] {
        zip(a, b).flatMap { [$0, $1] }
    }

    /// The first and the second half of each run of `channels`.
    private func halves<Element>(_ values: [Element], channels: Int) -> [[Element]] {
        [0, 1].map { half in values.indices.filter { $0 % channels / (channels / 2) == half }.map { values[$0] } }
    }

    @Test(arguments: CPUTier.available) func interleavesElementsOfEveryWidth(_ tier: CPUTier) {
        for shape in Self.shapes {
            let numbers = Array(0..<shape.elementCount)
            for pool in [ThreadPool(threads: 1), ThreadPool(threads: 2)] {
                func check<Element: TensorElement & Equatable>(_ a: [Element], _ b: [Element]) {
                    let channels = shape[3]
                    let all = expected(a, b)
                    let wide: Shape = [shape[0], shape[1], shape[2], 2 * channels]
                    let (x, y) = (Tensor(a, shape: shape), Tensor(b, shape: shape))
                    let whole = Tensor(zeros: Element.dtype, shape: wide)
                    ChannelInterleaving.run(x, y, into: [whole], pool: pool, tier: tier)
                    #expect(whole.array(of: Element.self) == all, "\(tier.name) \(shape) \(Element.self)")
                    let joined = Tensor(
                        (0..<all.count).map { index in
                            let (pixel, channel) = (index / (2 * channels), index % (2 * channels))
                            return channel < channels
                                ? a[pixel * channels + channel] : b[pixel * channels + channel - channels]
                        }, shape: wide)
                    let shuffled = Tensor(zeros: Element.dtype, shape: wide)
                    ChannelInterleaving.shuffle(joined, into: shuffled, pool: pool, tier: tier)
                    #expect(shuffled.array(of: Element.self) == all, "\(tier.name) \(shape) \(Element.self)")
                    guard channels.isMultiple(of: 2) else { return }
                    let results = [0, 1].map { _ in Tensor(zeros: Element.dtype, shape: shape) }
                    ChannelInterleaving.run(x, y, into: results, pool: pool, tier: tier)
                    #expect(
                        results.map { $0.array(of: Element.self) } == halves(all, channels: 2 * channels),
                        "\(tier.name) \(shape) \(Element.self)")
                }
                check(numbers.map { UInt8(truncatingIfNeeded: $0) }, numbers.map { UInt8(truncatingIfNeeded: ~$0) })
                check(numbers.map { UInt16(truncatingIfNeeded: $0) }, numbers.map { UInt16(truncatingIfNeeded: ~$0) })
                check(numbers.map { Float($0) }, numbers.map { -Float($0) })
                check(numbers.map { Double($0) }, numbers.map { -Double($0) })
            }
        }
    }

    @Test(arguments: [DType.uint8, .int8]) func requantizesOnTheWay(_ dtype: DType) throws {
        let range = try #require(dtype.integerRange)
        func parameters(_ scale: Float, _ zero: Int) -> QuantizationParameters {
            QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [Int32(range.lowerBound + zero)])
        }
        let to = parameters(0.2, 77)
        let clamp = Int32(range.lowerBound + 77)...Int32(range.upperBound - 30)
        var noise = IntegerNoise(seed: 5)
        for shape in Self.shapes {
            for (from, other) in [(parameters(0.3, 120), parameters(0.07, 0)), (to, parameters(0.31, 255)), (to, to)] {
                for ends in [nil, clamp] {
                    let a = noise.integers(shape.elementCount, dtype, extreme: false)
                    let b = noise.integers(shape.elementCount, dtype, extreme: false)
                    func moved(_ values: [Int], _ from: QuantizationParameters) -> [Int] {
                        values.map {
                            IntegerReference.requantize(
                                Float($0 - Int(from.zeroPoints[0])) * (from.scales[0] / 0.2),
                                zeroPoint: to.zeroPoints[0], lower: ends?.lowerBound ?? Int32(range.lowerBound),
                                upper: ends?.upperBound ?? Int32(range.upperBound))
                        }
                    }
                    let all = expected(moved(a, from), moved(b, other))
                    let quantization = ChannelInterleaving.Quantization(a: from, b: other, result: to, clamp: ends)
                    for tier in CPUTier.available {
                        let results = (0..<(shape[3].isMultiple(of: 2) ? 2 : 1)).map { _ in
                            Tensor(
                                zeros: dtype,
                                shape: shape[3].isMultiple(of: 2)
                                    ? shape : [shape[0], shape[1], shape[2], 2 * shape[3]])
                        }
                        ChannelInterleaving.run(
                            integerTensor(a, dtype, shape: shape), integerTensor(b, dtype, shape: shape), quantization,
                            into: results, pool: ThreadPool(threads: 2), tier: tier)
                        let wanted = results.count == 2 ? halves(all, channels: 2 * shape[3]) : [all]
                        #expect(results.map { $0.integers ?? [] } == wanted, "\(tier.name) \(shape)")
                    }
                }
            }
        }
    }
}
