import QTuneGraph
import QTuneTensor
import Testing

@Suite struct TensorOperatorTests {
    @Test(arguments: Self.shapes) func reshapes(_ testCase: OperatorCase) throws { try testCase.check() }
    @Test(arguments: Self.moves) func movesElements(_ testCase: OperatorCase) throws { try testCase.check() }
    @Test(arguments: Self.places) func findsPlaces(_ testCase: OperatorCase) throws { try testCase.check() }
    @Test(arguments: Self.casts) func convertsTypes(_ testCase: OperatorCase) throws { try testCase.check() }

    private static let sixth = floats([0, 1, 2, 3, 4, 5], [2, 3])

    static let shapes: [OperatorCase] = [
        OperatorCase("Shape", sixth, gives: ints([2, 3])),
        OperatorCase("Shape", ["start": .int(-1)], sixth, gives: ints([3])),
        OperatorCase("Size", sixth, gives: ints([6], .scalar)),
        OperatorCase("Reshape", sixth, ints([-1, 2]), gives: sixth.reshaped(to: [3, 2])),
        OperatorCase("Reshape", sixth, ints([0, 1, -1]), gives: sixth.reshaped(to: [2, 1, 3])),
        OperatorCase(
            "Reshape", ["allowzero": .int(1)], floats([], [0, 3]), ints([3, 0]), gives: floats([], [3, 0])),
        OperatorCase("Flatten", ["axis": .int(-1)], sixth.reshaped(to: [1, 2, 3]), gives: sixth),
        OperatorCase("Squeeze", opset: 11, ["axes": .ints([0])], sixth.reshaped(to: [1, 2, 3]), gives: sixth),
        OperatorCase("Squeeze", sixth.reshaped(to: [1, 2, 1, 3]), gives: sixth),
        OperatorCase("Unsqueeze", sixth, ints([0, -1]), gives: sixth.reshaped(to: [1, 2, 3, 1])),
        OperatorCase("Unsqueeze", opset: 11, ["axes": .ints([1])], sixth, gives: sixth.reshaped(to: [2, 1, 3])),
        OperatorCase(
            "ConstantOfShape", ["value": .tensor(Tensor([Int32(7)]))], ints([2, 2]),
            gives: Tensor([Int32(7), 7, 7, 7], shape: [2, 2])),
    ]

    static let moves: [OperatorCase] = [
        OperatorCase("Transpose", sixth, gives: floats([0, 3, 1, 4, 2, 5], [3, 2])),
        OperatorCase(
            "Transpose", Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2]),
            gives: Tensor(strings: ["a", "c", "b", "d"], shape: [2, 2])),
        OperatorCase(
            "Concat", ["axis": .int(1)], sixth, floats([8, 9], [2, 1]),
            gives: floats([0, 1, 2, 8, 3, 4, 5, 9], [2, 4])),
        OperatorCase(
            "Split", ["axis": .int(1), "num_outputs": .int(2)], [sixth],
            gives: [floats([0, 1, 3, 4], [2, 2]), floats([2, 5], [2, 1])]),
        OperatorCase(
            "Split", opset: 11, ["split": .ints([1, 2])], [floats([1, 2, 3])], gives: [floats([1]), floats([2, 3])]),
        OperatorCase(
            "Slice", sixth, ints([-1]), ints([-10]), ints([1]), ints([-2]), gives: floats([2, 0, 5, 3], [2, 2])),
        OperatorCase("Slice", sixth, ints([1]), ints([.max]), ints([1]), gives: floats([1, 2, 4, 5], [2, 2])),
        OperatorCase("Slice", sixth, ints([3]), ints([1]), ints([1]), gives: floats([], [2, 0])),
        OperatorCase(
            "Slice", opset: 9, ["starts": .ints([0, 1]), "ends": .ints([1, 3])], sixth, gives: floats([1, 2], [1, 2])),
        OperatorCase(
            "Pad", opset: 10, ["pads": .ints([0, 1, 0, -1]), "value": .float(9)], sixth,
            gives: floats([9, 0, 1, 9, 3, 4], [2, 3])),
        OperatorCase(
            "Pad", ["mode": .string("reflect")], floats([1, 2, 3]), ints([2, 3]),
            gives: floats([3, 2, 1, 2, 3, 2, 1, 2])),
        OperatorCase(
            "Pad", ["mode": .string("edge")], floats([1, 2, 3]), ints([2, 1]), gives: floats([1, 1, 1, 2, 3, 3])),
        OperatorCase(
            "Pad", ["mode": .string("wrap")], floats([1, 2, 3]), ints([1, 2]), gives: floats([3, 1, 2, 3, 1, 2])),
        OperatorCase(
            "Pad", ["mode": .string("reflect")], floats([1, 2, 3]), ints([7, 6]),
            gives: floats([2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1])),
        OperatorCase(
            "Pad", ["mode": .string("reflect")], sixth, ints([1, 2, 0, 1]),
            gives: floats([5, 4, 3, 4, 5, 4, 2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4], [3, 6])),
        OperatorCase(
            "Pad", ["mode": .string("wrap")], sixth, ints([1, 2, 1, 1]),
            gives: floats([4, 5, 3, 4, 5, 3, 1, 2, 0, 1, 2, 0, 4, 5, 3, 4, 5, 3, 1, 2, 0, 1, 2, 0], [4, 6])),
        OperatorCase(
            "Pad", ["mode": .string("edge")], sixth, ints([1, -1, 0, 2]),
            gives: floats([1, 2, 2, 2, 1, 2, 2, 2, 4, 5, 5, 5], [3, 4])),
        OperatorCase(
            "Pad", ["mode": .string("wrap")], floats([0, 1, 2, 3, 4]), ints([-2, 3]), gives: floats([2, 3, 4, 2, 3, 4])),
        OperatorCase(
            "Pad", ["mode": .string("edge")], floats([0, 1, 2, 3, 4]), ints([3, -2]), gives: floats([0, 0, 0, 0, 1, 2])),
        OperatorCase("Pad", ["mode": .string("wrap")], floats([7]), ints([2, 1]), gives: floats([7, 7, 7, 7])),
        OperatorCase("Pad", floats([1, 2]), ints([1, 1]), floats([7], .scalar), gives: floats([7, 1, 2, 7])),
        OperatorCase("Expand", floats([1, 2], [2, 1]), ints([3]), gives: floats([1, 1, 1, 2, 2, 2], [2, 3])),
        OperatorCase(
            "Tile", floats([1, 2], [1, 2]), ints([2, 2]), gives: floats([1, 2, 1, 2, 1, 2, 1, 2], [2, 4])),
        OperatorCase(
            "DepthToSpace", ["blocksize": .int(2)], floats([0, 1, 2, 3, 4, 5, 6, 7], [1, 8, 1, 1]),
            gives: floats([0, 2, 4, 6, 1, 3, 5, 7], [1, 2, 2, 2])),
        OperatorCase(
            "DepthToSpace", ["blocksize": .int(2), "mode": .string("CRD")],
            floats([0, 1, 2, 3, 4, 5, 6, 7], [1, 8, 1, 1]), gives: floats([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 2, 2])),
        OperatorCase(
            "SpaceToDepth", ["blocksize": .int(2)], floats([0, 2, 4, 6, 1, 3, 5, 7], [1, 2, 2, 2]),
            gives: floats([0, 1, 2, 3, 4, 5, 6, 7], [1, 8, 1, 1])),
        OperatorCase(
            "ReverseSequence", ["time_axis": .int(1), "batch_axis": .int(0)], sixth, ints([2, 3]),
            gives: floats([1, 0, 2, 5, 4, 3], [2, 3])),
        OperatorCase(
            "Trilu", ["upper": .int(0)], sixth, ints([0], .scalar), gives: floats([0, 0, 0, 3, 4, 0], [2, 3])),
    ]

    static let places: [OperatorCase] = [
        OperatorCase("Gather", ["axis": .int(1)], sixth, ints([-1, 0]), gives: floats([2, 0, 5, 3], [2, 2])),
        OperatorCase("Gather", ints([7, 8, 9]), ints([1], .scalar), gives: ints([8], .scalar)),
        OperatorCase(
            "GatherElements", ["axis": .int(1)], sixth, ints([2, -3], [2, 1]), gives: floats([2, 3], [2, 1])),
        OperatorCase("GatherND", sixth, ints([1, 2, 0, 0], [2, 2]), gives: floats([5, 0])),
        OperatorCase("GatherND", ["batch_dims": .int(1)], sixth, ints([1, 2], [2, 1]), gives: floats([1, 5])),
        OperatorCase(
            "ScatterElements", ["axis": .int(1), "reduction": .string("add")], sixth, ints([0, 0], [1, 2]),
            floats([10, 20], [1, 2]), gives: floats([30, 1, 2, 3, 4, 5], [2, 3])),
        OperatorCase(
            "ScatterND", sixth, ints([1], [1, 1]), floats([7, 8, 9], [1, 3]),
            gives: floats([0, 1, 2, 7, 8, 9], [2, 3])),
        OperatorCase(
            "OneHot", ints([1, -1, 9]), ints([3], .scalar), floats([0, 5]),
            gives: floats([0, 5, 0, 0, 0, 5, 0, 0, 0], [3, 3])),
        OperatorCase("NonZero", floats([0, 1, 2, 0], [2, 2]), gives: ints([0, 1, 1, 0], [2, 2])),
        OperatorCase(
            "Compress", ["axis": .int(1)], sixth, truths([true, false, true]),
            gives: floats([0, 2, 3, 5], [2, 2])),
        OperatorCase(
            "TopK", [floats([3, 1, 3, 2]), ints([3])], gives: [floats([3, 3, 2]), ints([0, 2, 3])]),
        OperatorCase(
            "TopK", ["axis": .int(0), "largest": .int(0)], [sixth, ints([1])],
            gives: [floats([0, 1, 2], [1, 3]), ints([0, 0, 0], [1, 3])]),
        OperatorCase(
            "Unique", [floats([2, 1, 1, 3])],
            gives: [floats([1, 2, 3]), ints([1, 0, 3]), ints([1, 0, 0, 2]), ints([2, 1, 1])]),
        OperatorCase("Range", ints([3], .scalar), ints([10], .scalar), ints([3], .scalar), gives: ints([3, 6, 9])),
        OperatorCase(
            "Range", floats([1], .scalar), floats([0], .scalar), floats([-0.5], .scalar), gives: floats([1, 0.5])),
        OperatorCase("EyeLike", ["k": .int(1)], floats([9, 9, 9, 9], [2, 2]), gives: floats([0, 1, 0, 0], [2, 2])),
    ]

    private static func cast(_ input: Tensor, _ output: Tensor) -> OperatorCase {
        OperatorCase("Cast", ["to": .int(Int64(output.dtype.rawValue))], input, gives: output)
    }

    static let casts: [OperatorCase] = [
        cast(floats([-1.9, 2.5, 0]), Tensor([Int32(-1), 2, 0])),
        cast(floats([0.1, 0, .nan]), truths([true, false, true])),
        cast(ints([300, -1]), Tensor([UInt8(44), 255])),
        cast(floats([65504, 1e6, 0.1]), Tensor([Float16(65504), .infinity, 0.0999755859375])),
        cast(floats([1.00390625, 1.01171875]), Tensor([BFloat16(bitPattern: 0x3F80), BFloat16(bitPattern: 0x3F82)])),
        cast(truths([true, false]), floats([1, 0])),
        cast(Tensor(strings: ["1.5", "-2"], shape: [2]), floats([1.5, -2])),
        cast(ints([5, -6]), Tensor(strings: ["5", "-6"], shape: [2])),
    ]
}
