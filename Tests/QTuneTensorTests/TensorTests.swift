import QTuneTensor
import Testing

struct TensorTests {
    @Test func elementsComeBack() {
        let tensor = Tensor([Float(1), -0.0, .infinity, 4, 5, 6], shape: [2, 3])
        #expect(tensor.array(of: Float.self) == [1, -0.0, .infinity, 4, 5, 6])
        #expect(tensor.byteCount == 24)
        #expect(tensor.reshaped(to: [3, 2]).shape == [3, 2])
    }

    @Test func equalityIsOfBytes() {
        #expect(Tensor([Float.nan]) == Tensor([Float.nan]))
        #expect(Tensor([Float(0)]) != Tensor([Float(-0.0)]))
        #expect(Tensor([Int8(1)]) != Tensor([UInt8(1)]))
        #expect(Tensor([Int8(1)]) != Tensor([Int8(1)], shape: [1, 1]))
        #expect(Tensor(strings: ["a"], shape: [1]) == Tensor(strings: ["a"], shape: [1]))
    }

    /// Elements below 8 bits are packed lowest first: 0xE4 is 0, 1, 2, 3 in fields of two bits.
    @Test(
        arguments: [
            (.uint2, [0, 1, 2, 3], [0xE4]), (.int2, [0, 1, -2, -1], [0xE4]), (.uint4, [4, 14, 9], [0xE4, 0x09]),
            (.int4, [4, -2, -7], [0xE4, 0x09]),
        ] as [(DType, [Int], [UInt8])])
    func packedIntegers(dtype: DType, expected: [Int], bytes: [UInt8]) {
        let tensor = Tensor(zeros: dtype, shape: [expected.count])
        tensor.withMutableBytes { target in
            for (index, byte) in bytes.enumerated() { target[index] = byte }
        }
        #expect(tensor.integers == expected)
    }

    @Test func integersOfEveryWidth() {
        #expect(Tensor([UInt64.max]).integers == nil)
        #expect(Tensor([UInt64(7)]).integers == [7])
        #expect(Tensor([true, false]).integers == [1, 0])
        #expect(Tensor([Int64.min]).integers == [Int.min])
        #expect(Tensor([Float(1)]).integers == nil)
    }

    @Test(
        arguments: [(.int4, 3, 2), (.uint2, 5, 2), (.float32, 3, 12), (.complex128, 1, 16), (.bool, 0, 0)]
            as [(DType, Int, Int)])
    func byteCounts(dtype: DType, count: Int, expected: Int) {
        #expect(dtype.byteCount(elements: count) == expected)
    }

    @Test func byteCountsThatOverflow() {
        #expect(DType.float32.byteCount(elements: .max / 2) == nil)
        #expect(DType.int4.byteCount(elements: .max / 4) == nil)
    }

    @Test(
        arguments: [
            (1, 0x3F80), (-2.5, 0xC020), (.infinity, 0x7F80), (1.00390625, 0x3F80), (1.01171875, 0x3F82),
        ] as [(Float, UInt16)])
    func bfloat16RoundsHalfToEven(value: Float, bits: UInt16) {
        #expect(BFloat16(value).bitPattern == bits)
    }

    @Test func bfloat16KeepsNaN() { #expect(BFloat16(.nan).float.isNaN) }
}
