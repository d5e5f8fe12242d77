import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct ElementsTests {
    private static let threads = ThreadPool(threads: 3)

    /// Shapes of two operands, with rows longer and shorter than any register.
    static let shapes: [(Shape, Shape)] = [
        ([], []), ([0], [0]), ([1], [7]), ([130], [130]), ([130], [1]), ([3, 1, 5], [4, 1]), ([2, 40_000], [40_000]),
        ([5, 1], [1, 70]), ([70], [70, 1]),
    ]

    private static func broadcast(_ position: Int, _ output: Shape, _ operand: Shape) -> Int {
        var (rest, index) = (position, 0)
        let missing = output.rank - operand.rank
        for axis in stride(from: output.rank - 1, through: 0, by: -1) {
            let place = rest % output[axis]
            rest /= output[axis]
            if axis >= missing, operand[axis - missing] > 1 { index += place * operand.strides[axis - missing] }
        }
        return index
    }

    private func check<Element: TensorElement, Result: TensorElement & Equatable>(
        _ function: Elements.Pair, _ tier: CPUTier, _ make: (Shape) -> Tensor,
        _ reference: (Element, Element) -> Result
    ) throws {
        for (first, second) in Self.shapes {
            let (a, b) = (make(first), make(second))
            let shape = try #require(first.broadcast(with: second))
            let output = Tensor(zeros: Result.dtype, shape: shape)
            #expect(Elements.combine(function, a, b, into: output, pool: Self.threads, tier: tier))
            let (left, right) = (a.array(of: Element.self), b.array(of: Element.self))
            let expected = (0..<shape.elementCount).map {
                reference(left[Self.broadcast($0, shape, first)], right[Self.broadcast($0, shape, second)])
            }
            #expect(output.array(of: Result.self) == expected, "\(function) of \(first) and \(second)")
        }
    }

    @Test(arguments: CPUTier.available)
    func comparisonsFollowTheLanguage(tier: CPUTier) throws {
        var numbers = SeededGenerator(seed: 3)
        let reals: (Shape) -> Tensor = { shape in
            Tensor(
                (0..<shape.elementCount).map { $0 % 11 == 0 ? .nan : Float(Int.random(in: -3...3, using: &numbers)) },
                shape: shape)
        }
        try check(.equal, tier, reals) { (a: Float, b: Float) in a == b }
        try check(.less, tier, reals) { (a: Float, b: Float) in a < b }
        try check(.lessOrEqual, tier, reals) { (a: Float, b: Float) in a <= b }
        try check(.greater, tier, reals) { (a: Float, b: Float) in a > b }
        try check(.greaterOrEqual, tier, reals) { (a: Float, b: Float) in a >= b }
        try check(.equal, tier, { numbers.integers(Int64.self, $0, in: -2...2) }) { (a: Int64, b: Int64) in a == b }
        try check(.less, tier, { numbers.integers(Int32.self, $0) }) { (a: Int32, b: Int32) in a < b }
        try check(.greaterOrEqual, tier, { numbers.integers(UInt8.self, $0) }) { (a: UInt8, b: UInt8) in a >= b }
    }

    @Test(arguments: CPUTier.available)
    func truthValuesAndWholeNumbersFollowTheLanguage(tier: CPUTier) throws {
        var numbers = SeededGenerator(seed: 4)
        let truths: (Shape) -> Tensor = { shape in
            Tensor((0..<shape.elementCount).map { _ in Bool.random(using: &numbers) }, shape: shape)
        }
        try check(.and, tier, truths) { (a: Bool, b: Bool) in a && b }
        try check(.or, tier, truths) { (a: Bool, b: Bool) in a || b }
        try check(.xor, tier, truths) { (a: Bool, b: Bool) in a != b }
        try check(.equal, tier, truths) { (a: Bool, b: Bool) in a == b }
        let wide: (Shape) -> Tensor = { numbers.integers(Int64.self, $0) }
        try check(.add, tier, wide) { (a: Int64, b: Int64) in a &+ b }
        try check(.sub, tier, wide) { (a: Int64, b: Int64) in a &- b }
        try check(.mul, tier, wide) { (a: Int64, b: Int64) in a &* b }
        try check(.min, tier, wide) { (a: Int64, b: Int64) in min(a, b) }
        try check(.max, tier, { numbers.integers(Int32.self, $0) }) { (a: Int32, b: Int32) in max(a, b) }
        try check(.mul, tier, { numbers.integers(Int32.self, $0) }) { (a: Int32, b: Int32) in a &* b }
    }

    @Test(arguments: CPUTier.available)
    func typesWithoutKernelAreLeftAlone(tier: CPUTier) {
        let output = Tensor(zeros: .bool, shape: [1])
        let a = Tensor([UInt64(1)])
        #expect(!Elements.combine(.equal, a, a, into: output, pool: Self.threads, tier: tier))
        #expect(!Elements.convert(a, into: output, tier: tier))
        #expect(!Elements.convert(Tensor([1.5]), into: Tensor(zeros: .float16, shape: [1]), tier: tier))
        #expect(output.array(of: Bool.self) == [false])
    }

    @Test(arguments: CPUTier.available)
    func choicesTakeElementsOfEveryWidth(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 5)
        for count in [0, 1, 63, 64, 65, 50_000] {
            let chosen = Tensor((0..<count).map { _ in Bool.random(using: &numbers) })
            let (a, b) = (numbers.integers(UInt64.self, [count]), numbers.integers(UInt64.self, [count]))
            func check<Element: TensorElement & FixedWidthInteger>(_ type: Element.Type) {
                let parts = [a, b].map { Tensor($0.array(of: UInt64.self).map { Element(truncatingIfNeeded: $0) }) }
                let output = Tensor(zeros: Element.dtype, shape: [count])
                Elements.select(chosen, parts[0], parts[1], into: output, pool: Self.threads, tier: tier)
                let (first, second) = (parts[0].array(of: type), parts[1].array(of: type))
                let expected = chosen.array(of: Bool.self).enumerated().map { $1 ? first[$0] : second[$0] }
                #expect(output.array(of: type) == expected)
            }
            check(UInt8.self)
            check(UInt16.self)
            check(UInt32.self)
            check(UInt64.self)
        }
    }

    /// NaN and what lies beyond 64 bits have no integer: the first becomes 0, the others the nearest one.
    @Test(arguments: CPUTier.available)
    func realsBecomeIntegersByWayOf64Bits(tier: CPUTier) {
        let x = Tensor.awkward
        let expected: [Int64] = [
            0, .max, .min, .max, .min, 2, -2, 0, 300, -1, 4_294_967_296, 9_223_371_487_098_961_920,
        ]
        func converted<Element: TensorElement>(_ type: Element.Type) -> [Element] {
            let output = Tensor(zeros: Element.dtype, shape: x.shape)
            #expect(Elements.convert(x, into: output, pool: Self.threads, tier: tier))
            return output.array(of: type)
        }
        #expect(converted(Int64.self) == expected)
        #expect(converted(Int32.self) == expected.map { Int32(truncatingIfNeeded: $0) })
        #expect(converted(Int8.self) == expected.map { Int8(truncatingIfNeeded: $0) })
        #expect(converted(UInt8.self) == expected.map { UInt8(truncatingIfNeeded: $0) })
        #expect(converted(Bool.self) == x.floats.map { $0 != 0 })
    }

    @Test(arguments: CPUTier.available)
    func integersAndHalvesConvertLikeTheLanguage(tier: CPUTier) {
        var numbers = SeededGenerator(seed: 6)
        let wide = numbers.integers(Int64.self, [1001])
        let single = Tensor(zeros: .float32, shape: [1001])
        #expect(Elements.convert(wide, into: single, tier: tier))
        #expect(single.floats == wide.array(of: Int64.self).map { Float($0) })
        let narrow = Tensor(zeros: .int16, shape: [1001])
        #expect(Elements.convert(wide, into: narrow, tier: tier))
        #expect(narrow.array(of: Int16.self) == wide.array(of: Int64.self).map { Int16(truncatingIfNeeded: $0) })
        guard !tier.instructions.isEmpty else { return }
        let x = numbers.floats([1001], in: -70_000...70_000)
        let half = Tensor(zeros: .float16, shape: [1001])
        #expect(Elements.convert(x, into: half, tier: tier))
        #expect(half.array(of: Float16.self) == x.floats.map { Float16($0) })
        #expect(Elements.convert(half, into: single, tier: tier))
        #expect(single.floats == half.array(of: Float16.self).map { Float($0) })
    }
}

extension Tensor {
    fileprivate static let awkward = Tensor([
        Float.nan, .infinity, -.infinity, 1e30, -1e30, 2.9, -2.9, -0.5, 300.5, -1, 4_294_967_296,
        9_223_371_487_098_961_920,
    ])
}
