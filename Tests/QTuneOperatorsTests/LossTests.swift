import QTuneGraph
import QTuneTensor
import Testing

/// Losses over classes; numbers from the standard's text, by hand and from ONNX Runtime.
@Suite struct LossTests {
    @Test(arguments: Self.cases) func gives(_ testCase: OperatorCase) throws { try testCase.check() }

    /// The standard's own example: [2, 3, 2] and labels [2, 2].
    private static let input = floats([1, 2, 2, 2, 3, 2, 0, 1, 2, 2, 1, 2], [2, 3, 2])
    private static let labels = ints([2, 1, 0, 2], [2, 2])
    private static let weights = floats([0.2, 0.3, 0.1])

    static let cases: [OperatorCase] = [
        OperatorCase(
            "NegativeLogLikelihoodLoss", ["reduction": .string("none")], input, labels,
            gives: floats([-3, -2, 0, -2], [2, 2]), within: 1e-9),
        OperatorCase(
            "NegativeLogLikelihoodLoss", ["reduction": .string("sum")], input, labels, weights,
            gives: floats([-1.1], .scalar), within: 1e-6),
        OperatorCase(
            "NegativeLogLikelihoodLoss", input, labels, weights, gives: floats([-1.1 / 0.7], .scalar), within: 1e-6),
        // Places of the ignored label, which is no class, count neither above nor below the line.
        OperatorCase(
            "NegativeLogLikelihoodLoss", ["ignore_index": .int(-1)], input, ints([2, -1, 0, -1], [2, 2]),
            gives: floats([-1.5], .scalar), within: 1e-6),
        OperatorCase(
            "NegativeLogLikelihoodLoss", floats([-1, -2], [1, 2]), Tensor([Int32(1)], shape: [1]),
            gives: floats([2], .scalar)),
        OperatorCase(
            "NegativeLogLikelihoodLoss", ["reduction": .string("none")], floats([], [0, 2]), ints([]), gives: floats([])
        ),
        OperatorCase(
            "SoftmaxCrossEntropyLoss", [:], [floats([1, 2, 3, 0, 0, 2], [2, 3]), ints([2, 0])],
            gives: [
                floats([1.32358], .scalar),
                floats([-2.40761, -1.40761, -0.40761, -2.23954, -2.23954, -0.23954], [2, 3]),
            ], within: 1e-5),
        // Scores that would overflow without a shift.
        OperatorCase(
            "SoftmaxCrossEntropyLoss", ["reduction": .string("none")], floats([1000, 0], [1, 2]), ints([1]),
            gives: floats([1000])),
    ]

    @Test(arguments: Self.unsound) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    static let unsound: [OperatorCase] = [
        OperatorCase("NegativeLogLikelihoodLoss", floats([1, 2], [1, 2]), ints([2]), gives: floats([])),
        OperatorCase("NegativeLogLikelihoodLoss", floats([1, 2], [1, 2]), ints([-1]), gives: floats([])),
        OperatorCase("NegativeLogLikelihoodLoss", floats([1, 2]), ints([0, 0]), gives: floats([])),
        OperatorCase("NegativeLogLikelihoodLoss", floats([1, 2], [1, 2]), ints([0, 0]), gives: floats([])),
        OperatorCase("NegativeLogLikelihoodLoss", floats([1, 2], [1, 2]), ints([0]), floats([1]), gives: floats([])),
        OperatorCase("SoftmaxCrossEntropyLoss", floats([], [1, 0]), ints([0]), gives: floats([])),
        OperatorCase(
            "SoftmaxCrossEntropyLoss", ["reduction": .string("median")], floats([1], [1, 1]), ints([0]),
            gives: floats([])),
    ]
}
