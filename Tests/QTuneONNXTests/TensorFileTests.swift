import QTuneONNX
import QTuneTensor
import Testing

struct TensorFileTests {
    @Test(arguments: DType.allCases)
    func tensors(dtype: DType) throws {
        try withTestFolder { folder in
            let tensor = Samples.tensor(dtype, [3, 50])
            try TensorFile.write(tensor, to: folder + "/input_0.pb", name: "x")
            #expect(try TensorFile.read(path: folder + "/input_0.pb") == tensor)
        }
    }

    static let first = Wire.number(1, 2) + Wire.number(2, 3) + Wire.bytes(9, [1, 255])
    static let second = Wire.number(2, 9) + Wire.packed(5, [1])

    @Test func sequences() throws {
        try withTestFolder { folder in
            let sequence =
                Wire.text(1, "s") + Wire.number(2, 1) + Wire.bytes(3, Self.first) + Wire.bytes(3, Self.second)
            try put(sequence, at: folder + "/s.pb")
            let expected = [Tensor([Int8(1), -1]), Tensor(scalar: true)]
            #expect(try TensorFile.readSequence(path: folder + "/s.pb") == expected)
            try put(Wire.number(2, 1), at: folder + "/s.pb")
            #expect(try TensorFile.readSequence(path: folder + "/s.pb") == [])
            try put(Wire.bytes(5, []), at: folder + "/s.pb")
            #expect(throws: QTuneError.self) { try TensorFile.readSequence(path: folder + "/s.pb") }
        }
    }

    @Test func optionals() throws {
        try withTestFolder { folder in
            let path = folder + "/o.pb"
            try put(Wire.number(2, 1) + Wire.bytes(3, Self.first), at: path)
            #expect(try TensorFile.readOptional(path: path) == [Tensor([Int8(1), -1])])
            try put(Wire.number(2, 3) + Wire.bytes(5, Wire.bytes(3, Self.second)), at: path)
            #expect(try TensorFile.readOptional(path: path) == [Tensor(scalar: true)])
            try put(Wire.number(2, 0), at: path)
            #expect(try TensorFile.readOptional(path: path) == nil)
        }
    }
}
