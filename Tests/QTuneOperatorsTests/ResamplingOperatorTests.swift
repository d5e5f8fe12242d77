import QTuneGraph
import QTuneTensor
import Testing

@Suite struct ResamplingOperatorTests {
    private let row = float32([1, 2], [1, 1, 1, 2])
    private let doubling = float32([1, 1, 1, 2], [4])

    @Test(arguments: [
        ("half_pixel", "linear", [Float(1), 1.25, 1.75, 2]),
        ("align_corners", "linear", [1, Float(4) / 3, Float(5) / 3, 2]),
        ("asymmetric", "linear", [1, 1.5, 2, 2]),
        ("half_pixel", "nearest", [1, 1, 2, 2]),
        ("asymmetric", "nearest", [1, 1, 2, 2]),
    ])
    func doublesARow(coordinates: String, mode: String, expected: [Float]) throws {
        let result = try evaluateNode(
            "Resize", ["mode": .string(mode), "coordinate_transformation_mode": .string(coordinates)],
            [row, nil, doubling])
        #expect(agrees(result[0], expected))
    }

    @Test func followsOlderVersions() throws {
        let old = try evaluateNode("Resize", opset: 10, [:], [float32([1, 2, 3, 4], [4]), float32([0.5], [1])])
        #expect(agrees(old[0], [1, 3]))
        let upsampled = try evaluateNode("Upsample", opset: 7, ["scales": .floats([1, 1, 1, 2])], [row])
        #expect(agrees(upsampled[0], [1, 1, 2, 2]))
        let linear = try evaluateNode("Upsample", opset: 9, ["mode": .string("linear")], [row, doubling])
        #expect(agrees(linear[0], [1, 1.5, 2, 2]))
    }

    @Test func refusesWhatDoesNotFit() {
        let cases: [([String: Attribute], [Tensor?])] = [
            ([:], [row, nil, float32([2], [1])]), ([:], [row, nil, float32([1, 1, 1, -2], [4])]),
            ([:], [row, nil, float32([1, 1, 1, .nan], [4])]), ([:], [row, nil, float32([1, 1, 1, .infinity], [4])]),
            ([:], [row, nil, float32([1, 1, 1, 1e30], [4])]), ([:], [row]),
            ([:], [row, nil, nil, Tensor([Int64(1), 1, 1, -5])]),
            ([:], [row, nil, nil, Tensor([Int64(1), 1, 1, .max])]),
            (["mode": .string("magic")], [row, nil, doubling]), (["axes": .ints([9])], [row, nil, float32([2], [1])]),
            (["axes": .ints([3, 3])], [row, nil, float32([2, 2], [2])]),
        ]
        for (attributes, operands) in cases {
            #expect(throws: QTuneError.self, "\(attributes)") { try evaluateNode("Resize", attributes, operands) }
        }
    }
}
