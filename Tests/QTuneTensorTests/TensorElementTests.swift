import QTuneTensor
import Testing

struct TensorElementTests {
    private struct Refusal: Error, Equatable {}

    @Test func initializersOfEveryKind() throws {
        #expect(Tensor(scalar: Float16(1.5)).shape == .scalar)
        #expect(Tensor([Double](), shape: [0, 3]).array(of: Double.self) == [])
        #expect(Tensor(zeros: .int4, shape: [3]).integers == [0, 0, 0])
        #expect(Tensor(zeros: .string, shape: [2]).strings == ["", ""])
        let counted = Tensor(Int16.self, shape: [2, 2]) { span in
            for index in span.indices { span[index] = Int16(index) - 2 }
        }
        #expect(counted.integers == [-2, -1, 0, 1])
        #expect(throws: Refusal()) {
            try Tensor(Float.self, shape: [1]) { _ throws(Refusal) in throw Refusal() }
        }
    }

    @Test func spansShowTheElements() {
        let tensor = Tensor([UInt16(1), 0x0203], shape: [2])
        #expect(tensor.withSpan(of: UInt16.self) { $0.count == 2 && $0[1] == 0x0203 })
        #expect(tensor.withBytes { bytes in bytes.indices.map { bytes[$0] } } == [1, 0, 3, 2])
        #expect(tensor.byteCount == 4)
    }

    /// Bytes hold packed elements lowest bits first; the last byte may be full in part.
    @Test(
        arguments: [
            (.uint2, 5, [0b11_10_01_00, 0b01], [0, 1, 2, 3, 1]),
            (.int2, 5, [0b11_10_01_00, 0b10], [0, 1, -2, -1, -2]),
            (.uint4, 3, [0xF0, 0x08], [0, 15, 8]), (.int4, 3, [0xF0, 0x08], [0, -1, -8]), (.int4, 2, [0x87], [7, -8]),
            (.bool, 2, [0, 1], [0, 1]), (.int8, 2, [0x80, 0x7F], [-128, 127]),
        ] as [(DType, Int, [UInt8], [Int])])
    func packedIntegers(type: DType, count: Int, bytes: [UInt8], expected: [Int]) {
        let tensor = Tensor(uninitialized: type, shape: [count])
        tensor.withMutableBytes { span in
            for index in span.indices { span[index] = bytes[index] }
        }
        #expect(tensor.integers == expected)
    }

    @Test func integersOfOtherTypes() {
        #expect(Tensor([Float(1)]).integers == nil)
        #expect(Tensor(strings: ["1"], shape: [1]).integers == nil)
        #expect(Tensor([UInt64(Int64.max)]).integers == [.max])
        #expect(Tensor([UInt64(Int64.max) + 1, 0]).integers == nil)
        #expect(Tensor([Int64.min]).integers == [.min])
    }

    @Test func stringsHaveTheirOwnStorage() {
        let tensor = Tensor(strings: ["a", "", "ö"], shape: [3])
        #expect(tensor.storage == nil)
        #expect(tensor.byteCount == 3)
        #expect(tensor.reshaped(to: [1, 3]).strings == ["a", "", "ö"])
        #expect(tensor == Tensor(strings: ["a", "", "ö"], shape: [3]))
        #expect(tensor != tensor.reshaped(to: [3, 1]))
        #expect(tensor != Tensor(strings: ["a", "", "o"], shape: [3]))
        #expect(Tensor([UInt8(1)]).strings.isEmpty)
    }

    /// Equality looks at bytes, and types of one width are not equal.
    @Test func equality() {
        let quiet = Tensor([Float(bitPattern: 0x7FC0_0000)])
        let payload = Tensor([Float(bitPattern: 0x7FC0_0001)])
        #expect(quiet == quiet.reshaped(to: [1]))
        #expect(quiet != payload)
        #expect(Tensor([Float(0)]) != Tensor([-Float(0)]))
        #expect(Tensor([UInt8(1)]) != Tensor([UInt8(1)]).reinterpreted(as: .bool))
        #expect(Tensor([UInt8(1)]).reinterpreted(as: .bool).array(of: Bool.self) == [true])
        #expect(Tensor([Int8]()) == Tensor(zeros: .int8, shape: [0]))
        #expect(Tensor(zeros: .int8, shape: [0, 2]) != Tensor(zeros: .int8, shape: [2, 0]))
    }
}
