import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor
import Testing

/// Operands and attributes that cannot be right give errors and never stop the process.
@Suite struct BadInputTests {
    @Test(arguments: Self.cases) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    private static let nothing = floats([])

    static let cases: [OperatorCase] = [
        OperatorCase("Add", floats([1, 2]), floats([1, 2, 3]), gives: nothing),
        OperatorCase("Add", floats([1]), ints([1]), gives: nothing),
        OperatorCase("Div", ints([1]), ints([0]), gives: nothing),
        OperatorCase("Mod", ints([1]), ints([0]), gives: nothing),
        OperatorCase("Reshape", floats([1, 2, 3]), ints([2, -1]), gives: nothing),
        OperatorCase("Reshape", floats([1, 2, 3]), ints([.max, .max]), gives: nothing),
        OperatorCase("Reshape", floats([1, 2, 3]), ints([-1, -1]), gives: nothing),
        OperatorCase("Reshape", floats([1]), ints([1, 1, 0]), gives: nothing),
        OperatorCase("Expand", floats([1]), ints([1 << 62, 8]), gives: nothing),
        OperatorCase("Expand", floats([1]), ints([1 << 50]), gives: nothing),
        OperatorCase("Tile", floats([1, 2]), ints([.max]), gives: nothing),
        OperatorCase("Tile", floats([1, 2]), ints([-1]), gives: nothing),
        OperatorCase("Pad", floats([1]), ints([.max, .max]), gives: nothing),
        OperatorCase("Pad", floats([1]), ints([.min, .min]), gives: nothing),
        OperatorCase("Pad", floats([1]), ints([1]), gives: nothing),
        OperatorCase("Pad", ["mode": .string("edge")], floats([1]), ints([1 << 40, -1 << 40]), gives: nothing),
        OperatorCase("Pad", ["mode": .string("wrap")], floats([1, 2]), ints([-2, 1]), gives: nothing),
        OperatorCase("Gather", floats([1, 2]), ints([2]), gives: nothing),
        OperatorCase("Gather", floats([1, 2]), ints([.min]), gives: nothing),
        OperatorCase("Gather", ["axis": .int(.min)], floats([1, 2]), ints([0]), gives: nothing),
        OperatorCase("GatherND", floats([1, 2]), ints([0, 0], [1, 2]), gives: nothing),
        OperatorCase("ScatterND", floats([1, 2]), ints([5], [1, 1]), floats([1]), gives: nothing),
        OperatorCase("Slice", floats([1]), ints([0]), ints([1]), ints([0]), ints([0]), gives: nothing),
        OperatorCase("Slice", floats([1]), ints([0, 1]), ints([1]), gives: nothing),
        OperatorCase("Slice", floats([1]), ints([0]), ints([1]), ints([7]), gives: nothing),
        OperatorCase("ConstantOfShape", ints([-1]), gives: nothing),
        OperatorCase("ConstantOfShape", ints([1 << 40, 1 << 40]), gives: nothing),
        OperatorCase("ConstantOfShape", ints([1 << 42]), gives: nothing),
        OperatorCase("Range", ints([0], .scalar), ints([.max], .scalar), ints([1], .scalar), gives: nothing),
        OperatorCase("Range", ints([0], .scalar), ints([5], .scalar), ints([0], .scalar), gives: nothing),
        OperatorCase("Range", floats([0], .scalar), floats([.nan], .scalar), floats([1], .scalar), gives: nothing),
        OperatorCase("OneHot", ints([0]), ints([-2]), floats([0, 1]), gives: nothing),
        OperatorCase("TopK", floats([1, 2]), ints([3]), gives: nothing),
        OperatorCase("Split", ["axis": .int(3)], floats([1, 2]), gives: nothing),
        OperatorCase("Split", floats([1, 2]), ints([-1]), gives: nothing),
        OperatorCase("Transpose", ["perm": .ints([0, 0])], floats([1], [1, 1]), gives: nothing),
        OperatorCase("Concat", ["axis": .int(0)], floats([1], [1, 1]), floats([1]), gives: nothing),
        OperatorCase("Squeeze", floats([1, 2]), ints([0]), gives: nothing),
        OperatorCase("Unsqueeze", floats([1]), ints([0, 0]), gives: nothing),
        OperatorCase("Cast", ["to": .int(999)], floats([1]), gives: nothing),
        OperatorCase("Cast", ["to": .int(1)], Tensor(strings: ["x"], shape: [1]), gives: nothing),
        OperatorCase("DepthToSpace", ["blocksize": .int(0)], floats([1], [1, 1, 1, 1]), gives: nothing),
        OperatorCase("ReduceSum", floats([1]), ints([4]), gives: nothing),
        OperatorCase("ArgMax", floats([], [0]), gives: nothing),
        OperatorCase("Not", floats([1]), gives: nothing),
        OperatorCase("Relu", opset: 21, ["alpha": .float(1)], Tensor(strings: ["x"], shape: [1]), gives: nothing),
    ]
}
