import QTuneGraph
import QTuneTensor
import Testing

@Suite struct LogicTests {
    @Test(arguments: Self.cases) func answers(_ testCase: OperatorCase) throws { try testCase.check() }

    static let cases: [OperatorCase] = [
        OperatorCase(
            "Equal", ints([1, 2], [2, 1]), ints([1, 2]), gives: truths([true, false, false, true], [2, 2])),
        OperatorCase(
            "Equal", Tensor(strings: ["a", "b"], shape: [2]), Tensor(strings: ["a", "c"], shape: [2]),
            gives: truths([true, false])),
        OperatorCase("Greater", Tensor([UInt64.max]), Tensor([UInt64(1)]), gives: truths([true])),
        OperatorCase("Less", floats([.nan, 1]), floats([1, 2]), gives: truths([false, true])),
        OperatorCase("LessOrEqual", floats([1]), floats([1]), gives: truths([true])),
        OperatorCase("And", truths([true, true]), truths([false, true]), gives: truths([false, true])),
        OperatorCase("Xor", truths([true, true]), truths([false, true]), gives: truths([true, false])),
        OperatorCase("Not", truths([true, false]), gives: truths([false, true])),
        OperatorCase(
            "Where", truths([true, false], [2, 1]), ints([1, 2]), ints([9], .scalar),
            gives: ints([1, 2, 9, 9], [2, 2])),
        OperatorCase("IsNaN", floats([.nan, 1]), gives: truths([true, false])),
        OperatorCase(
            "IsInf", ["detect_negative": .int(0)], floats([.infinity, -.infinity]), gives: truths([true, false])),
        OperatorCase("BitwiseNot", Tensor([UInt8(1)]), gives: Tensor([UInt8(254)])),
        OperatorCase(
            "BitShift", ["direction": .string("LEFT")], Tensor([UInt8(129), 1]), Tensor([UInt8(1), 9]),
            gives: Tensor([UInt8(2), 0])),
    ]
}
