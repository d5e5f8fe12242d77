import QTuneGraph
import QTuneTensor
import Testing

/// Operators that do something else while a network is trained.
@Suite struct TrainingModeTests {
    @Test(arguments: Self.cases) func gives(_ testCase: OperatorCase) throws { try testCase.check() }

    private static let rising = floats([1, 2, 3, 4])
    private static let half = floats([0.5], .scalar)
    private static let train = truths([true], .scalar)

    /// Two channels of two elements: means 2 and 6, variances 1 and 4.
    private static let channels = floats([1, 3, 4, 8], [1, 2, 2])
    private static let parameters: [Tensor?] = [floats([1, 2]), floats([0, 1]), floats([0, 0]), floats([1, 1])]

    static let cases: [OperatorCase] = [
        // NumPy's RandomState(0).uniform() begins 0.549, 0.715, 0.603, 0.545.
        OperatorCase(
            "Dropout", opset: 13, ["seed": .int(0)], [rising, floats([0.6], .scalar), train],
            gives: [floats([0, 5, 7.5, 0]), truths([false, true, true, false])], within: 1e-5),
        OperatorCase(
            "Dropout", ["seed": .int(0)], [rising, floats([0], .scalar), train],
            gives: [rising, truths([true, true, true, true])]),
        OperatorCase(
            "Dropout", [:], [rising, half, truths([false], .scalar)],
            gives: [rising, truths([true, true, true, true])]),
        // By hand, with a momentum of a half and no epsilon.
        OperatorCase(
            "BatchNormalization", opset: 15, ["training_mode": .int(1), "momentum": .float(0.5), "epsilon": .float(0)],
            [channels] + parameters,
            gives: [floats([-1, 1, -1, 3], [1, 2, 2]), floats([1, 3]), floats([1, 2.5])], within: 1e-6),
        OperatorCase(
            "BatchNormalization", opset: 9, ["momentum": .float(0.5), "epsilon": .float(0)], [channels] + parameters,
            gives: [
                floats([-1, 1, -1, 3], [1, 2, 2]), floats([1, 3]), floats([1, 2.5]), floats([2, 6]), floats([1, 4]),
            ], within: 1e-6),
        OperatorCase(
            "BatchNormalization", opset: 7, ["spatial": .int(0), "epsilon": .float(0)],
            [
                channels, floats([1, 2, 3, 4], [2, 2]), floats([0, 0, 0, 1], [2, 2]), floats([1, 1, 1, 1], [2, 2]),
                floats([1, 1, 4, 1], [2, 2]),
            ], gives: [floats([0, 4, 4.5, 29], [1, 2, 2])]),
    ]

    @Test(arguments: Self.unsound) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    static let unsound: [OperatorCase] =
        [1, -0.5, .nan].map { OperatorCase("Dropout", rising, floats([$0], .scalar), train, gives: rising) } + [
            OperatorCase("Dropout", rising, floats([]), train, gives: rising),
            OperatorCase("Dropout", ints([1]), half, train, gives: rising),
            OperatorCase("BatchNormalization", opset: 15, [:], [channels] + parameters, gives: [channels, rising]),
        ]

    @Test func equalSeedsDropTheSame() throws {
        let ones = floats([Float](repeating: 1, count: 10_000))
        func dropped(_ seed: Int64) throws -> [Float] {
            try evaluateNode("Dropout", ["seed": .int(seed)], [ones, floats([0.25], .scalar), Self.train])[0].array(
                of: Float.self)
        }
        let first = try dropped(7)
        #expect(try first == dropped(7))
        #expect(try first != dropped(8))
        // The standard deviation of the share is 0.0043.
        #expect(abs(Float(first.count { $0 == 0 }) / 10_000 - 0.25) < 0.02)
    }
}
