import QTuneGraph
import QTuneTensor
import Testing

@Suite struct ReductionTests {
    @Test(arguments: Self.cases) func reduces(_ testCase: OperatorCase) throws { try testCase.check() }

    private static let cube = floats([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])

    static let cases: [OperatorCase] = [
        OperatorCase("ReduceSum", cube, ints([0, 2]), gives: floats([14, 22], [1, 2, 1])),
        OperatorCase(
            "ReduceSum", opset: 11, ["axes": .ints([1]), "keepdims": .int(0)], cube,
            gives: floats([4, 6, 12, 14], [2, 2])),
        OperatorCase("ReduceSum", ["noop_with_empty_axes": .int(1)], cube, gives: cube),
        OperatorCase("ReduceSum", cube, ints([]), gives: floats([36], [1, 1, 1])),
        OperatorCase("ReduceMean", opset: 13, ["axes": .ints([1, 2])], cube, gives: floats([2.5, 6.5], [2, 1, 1])),
        OperatorCase("ReduceMean", Tensor([Float16(1), 2]), gives: Tensor([Float16(1.5)])),
        OperatorCase("ReduceMax", ["keepdims": .int(0)], cube, ints([-1]), gives: floats([2, 4, 6, 8], [2, 2])),
        OperatorCase("ReduceMax", Tensor(zeros: .int8, shape: [0]), gives: Tensor([Int8.min])),
        OperatorCase("ReduceMin", truths([true, false]), gives: truths([false])),
        OperatorCase("ReduceProd", Tensor([Int32(2), -3, 4]), gives: Tensor([Int32(-24)])),
        OperatorCase("ReduceL1", floats([-1, 2]), gives: floats([3])),
        OperatorCase("ReduceL2", floats([3, 4]), gives: floats([5])),
        // Squares that float32 does not hold, beside such that it does; along the last axis and along the first.
        OperatorCase(
            "ReduceL2", floats([3e20, 4e20, 3e-24, 4e-24, 3, 4, 0, 0], [4, 2]), ints([1]),
            gives: floats([5e20, 5e-24, 5, 0], [4, 1])),
        OperatorCase(
            "ReduceL2", floats([3e20, 3e-24, 3, 4e20, 4e-24, 4], [2, 3]), ints([0]),
            gives: floats([5e20, 5e-24, 5], [1, 3])),
        OperatorCase(
            "ReduceL2", floats([3e20, -.infinity, 1e-30, 3e38, 3e38, 3e38], [3, 2]), ints([1]),
            gives: floats([.infinity, 3e38, .infinity], [3, 1])),
        OperatorCase("ReduceSumSquare", ints([3, 4]), gives: ints([25])),
        OperatorCase("ReduceLogSum", floats([1, 1.7182817]), gives: floats([1]), within: 1e-6),
        OperatorCase("ReduceLogSumExp", floats([1000, 1000]), gives: floats([1000.6931]), within: 1e-3),
        OperatorCase("ArgMax", ["axis": .int(1)], floats([1, 3, 3, 9, 0, 9], [2, 3]), gives: ints([1, 0], [2, 1])),
        OperatorCase(
            "ArgMin", ["axis": .int(-1), "keepdims": .int(0), "select_last_index": .int(1)],
            floats([1, 3, 1, 9, 0, 9], [2, 3]), gives: ints([2, 1])),
        OperatorCase("CumSum", floats([1, 2, 3]), ints([0], .scalar), gives: floats([1, 3, 6])),
        OperatorCase(
            "CumSum", ["exclusive": .int(1), "reverse": .int(1)], floats([1, 2, 3]), ints([0], .scalar),
            gives: floats([5, 3, 0])),
    ]
}
