import QTuneGraph
import QTuneTensor
import Testing

@Suite struct ElementwiseTests {
    @Test(arguments: Self.unary) func computesEachElement(_ testCase: OperatorCase) throws { try testCase.check() }
    @Test(arguments: Self.binary) func combinesElements(_ testCase: OperatorCase) throws { try testCase.check() }
    @Test(arguments: Self.clip) func clamps(_ testCase: OperatorCase) throws { try testCase.check() }

    static let unary: [OperatorCase] = [
        OperatorCase("Abs", floats([-1.5, -0.0, 2]), gives: floats([1.5, 0, 2])),
        OperatorCase("Abs", Tensor([Int8(-128), -3, 5]), gives: Tensor([Int8(-128), 3, 5])),
        OperatorCase("Neg", Tensor([Int32(7), -8, .min]), gives: Tensor([Int32(-7), 8, .min])),
        OperatorCase("Neg", Tensor([Float16(1.5), -2]), gives: Tensor([Float16(-1.5), 2])),
        OperatorCase("Sign", floats([-3, 0, 9]), gives: floats([-1, 0, 1])),
        OperatorCase("Floor", floats([-1.5, 1.5, -0.2]), gives: floats([-2, 1, -1])),
        OperatorCase("Ceil", floats([-1.5, 1.5, 3]), gives: floats([-1, 2, 3])),
        OperatorCase("Round", floats([0.5, 1.5, 2.5, -0.5, -1.5]), gives: floats([0, 2, 2, -0.0, -2])),
        OperatorCase("Sqrt", Tensor([Double(2), 16]), gives: Tensor([Double(1.4142135623730951), 4])),
        OperatorCase("Sqrt", Tensor([BFloat16(9), BFloat16(2)]), gives: Tensor([BFloat16(3), BFloat16(1.4140625)])),
        OperatorCase("Exp", floats([0, 1]), gives: floats([1, 2.7182817]), within: 1e-6),
        OperatorCase("Relu", Tensor([Int64(-5), 5]), gives: Tensor([Int64(0), 5])),
        OperatorCase("LeakyRelu", ["alpha": .float(0.5)], floats([-2, 3]), gives: floats([-1, 3])),
        OperatorCase("HardSigmoid", ["alpha": .float(0.5)], floats([-9, 0.5, 9]), gives: floats([0, 0.75, 1])),
        OperatorCase("HardSwish", floats([-4, 0, 3, 1.5]), gives: floats([0, 0, 3, 1.125]), within: 1e-6),
        OperatorCase("Sigmoid", floats([0, 100, -100]), gives: floats([0.5, 1, 0]), within: 1e-6),
        OperatorCase("Softplus", floats([0, 200]), gives: floats([0.6931472, 200]), within: 1e-6),
        OperatorCase("Elu", ["alpha": .float(2)], floats([-1, 1]), gives: floats([-1.2642411, 1]), within: 1e-6),
        OperatorCase("Gelu", floats([1, -1]), gives: floats([0.8413447, -0.15865526]), within: 1e-6),
        OperatorCase(
            "Shrink", ["bias": .float(1), "lambd": .float(1.5)], floats([-2, 1, 2]), gives: floats([-1, 0, 1])),
        OperatorCase("Asinh", floats([0, 1]), gives: floats([0, 0.8813736]), within: 1e-6),
        OperatorCase("Sin", Tensor(zeros: .float32, shape: [2, 0]), gives: Tensor(zeros: .float32, shape: [2, 0])),
    ]

    static let binary: [OperatorCase] = [
        OperatorCase(
            "Add", floats([1, 2, 3, 4, 5, 6], [2, 3]), floats([10, 20], [2, 1]),
            gives: floats([11, 12, 13, 24, 25, 26], [2, 3])),
        OperatorCase("Add", Tensor([UInt8(250), 1]), Tensor([UInt8(10), 1]), gives: Tensor([UInt8(4), 2])),
        OperatorCase("Sub", Tensor([UInt64(1)]), Tensor([UInt64(2)]), gives: Tensor([UInt64.max])),
        OperatorCase("Mul", Tensor([Float16(3)]), Tensor(scalar: Float16(0.1)), gives: Tensor([Float16(0.2998)])),
        OperatorCase("Div", Tensor([Int32(-7), 7]), Tensor([Int32(2), -2]), gives: Tensor([Int32(-3), -3])),
        OperatorCase("Div", Tensor([Int64.min]), Tensor([Int64(-1)]), gives: Tensor([Int64.min])),
        OperatorCase(
            "Mod", Tensor([Int64(-4), 7, 5]), Tensor([Int64(2), -3, 8]), gives: Tensor([Int64(0), -2, 5])),
        OperatorCase(
            "Mod", ["fmod": .int(1)], Tensor([Int64(-5), 7]), Tensor([Int64(2), -3]), gives: Tensor([Int64(-1), 1])),
        OperatorCase("Pow", floats([2, 3]), ints([3, 2]), gives: floats([8, 9])),
        OperatorCase("Pow", Tensor([Int32(2), -3]), floats([3, 2]), gives: Tensor([Int32(8), 9])),
        OperatorCase(
            "Max", floats([1, 5]), floats([3, .nan]), floats([2, 2]), gives: floats([3, .nan]), within: 1e-9),
        OperatorCase("Mean", floats([1]), floats([2, 5]), floats([3]), gives: floats([2, 3])),
        OperatorCase(
            "PRelu", floats([-2, 2, -4, 4], [2, 2]), floats([0.5, 0.25]), gives: floats([-1, 2, -2, 4], [2, 2])),
    ]

    static let clip: [OperatorCase] = [
        OperatorCase(
            "Clip", opset: 6, ["min": .float(0), "max": .float(6)], floats([-1, 3, 9]), gives: floats([0, 3, 6])),
        OperatorCase(
            "Clip", opset: 13, floats([-1, 3, 9]), floats([0], .scalar), floats([6], .scalar), gives: floats([0, 3, 6])),
        OperatorCase("Clip", opset: 13, floats([-1, 9]), nil, floats([6], .scalar), gives: floats([-1, 6])),
        OperatorCase(
            "Clip", opset: 13, floats([-1, 9]), floats([5], .scalar), floats([2], .scalar), gives: floats([2, 2])),
        OperatorCase(
            "Clip", opset: 13, Tensor([Int8(-9), 9]), Tensor(scalar: Int8(-2)), nil, gives: Tensor([Int8(-2), 9])),
    ]
}
