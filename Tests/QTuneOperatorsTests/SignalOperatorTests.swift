import Foundation
import QTuneGraph
import QTuneTensor
import Testing

@Suite struct SignalOperatorTests {
    /// A complex signal as [1, length, 2].
    private func signal(_ length: Int) -> [Double] {
        var parts: [Double] = []
        for index in 0..<length { parts += [Double(index * index % 11 - 3), Double(3 * index % 5)] }
        return parts
    }

    /// The transform by its definition.
    private func naive(_ signal: [Double], inverse: Bool) -> [Double] {
        let length = signal.count / 2
        return (0..<length).flatMap { row -> [Double] in
            var (real, imaginary) = (0.0, 0.0)
            for index in 0..<length {
                let angle = (inverse ? 2 : -2) * Double.pi * Double(row * index % length) / Double(length)
                real += signal[2 * index] * cos(angle) - signal[2 * index + 1] * sin(angle)
                imaginary += signal[2 * index] * sin(angle) + signal[2 * index + 1] * cos(angle)
            }
            let scale = inverse ? 1 / Double(length) : 1
            return [real * scale, imaginary * scale]
        }
    }

    @Test(arguments: [1, 2, 3, 4, 6, 8, 12, 13, 17, 26, 34, 64, 97, 120, 143, 400], [true, false])
    func transformsOfEveryLengthAreTheirDefinition(_ length: Int, _ inverse: Bool) throws {
        let input = Tensor(signal(length), shape: [1, length, 2])
        let node: [String: Attribute] = ["inverse": .int(inverse ? 1 : 0)]
        let output = try evaluateNode("DFT", opset: 20, node, [input])[0].array(of: Double.self)
        for (actual, expected) in zip(output, naive(signal(length), inverse: inverse)) {
            #expect(abs(actual - expected) < 1e-9)
        }
    }

    static let cases: [OperatorCase] = [
        // One side of the spectrum, the signal cut or filled up to the length.
        OperatorCase(
            "DFT", opset: 20, ["onesided": .int(1)], floats([1, 2, 3, 4, 5], [1, 5, 1]), ints([6], .scalar),
            gives: floats([15, 0, -6, 0, 0, -3.4641016, 3, 0], [1, 4, 2]), within: 1e-5),
        OperatorCase(
            "DFT", opset: 17, ["axis": .int(0)], floats([1, 2, 3, 4, 9, 9], [3, 2, 1]), ints([2], .scalar),
            gives: floats([4, 0, 6, 0, -2, 0, -2, 0], [2, 2, 2]), within: 1e-6),
        // Half a spectrum as a signal of 5, and by default of 4.
        OperatorCase(
            "DFT", opset: 20, ["onesided": .int(1), "inverse": .int(1)], floats([1, 1, 2, -1, 3, 2], [3, 2]),
            ints([5], .scalar), ints([0], .scalar),
            gives: floats([2.2, -0.6134124, 0.9195661, -1.0723525, -0.4338012], [5, 1]), within: 1e-6),
        OperatorCase(
            "DFT", opset: 20, ["onesided": .int(1), "inverse": .int(1)], floats([1, 1, 2, -1, 3, 2], [3, 2]),
            gives: floats([2, 0, 0, -1], [4, 1]), within: 1e-6),
        // Frames [1, 2], [3, 4] of a real signal; the fifth number fills none.
        OperatorCase(
            "STFT", opset: 17, [:],
            [floats([1, 2, 3, 4, 5], [1, 5, 1]), ints([2], .scalar), nil, ints([2], .scalar)],
            gives: [floats([3, 0, -1, 0, 7, 0, -1, 0], [1, 2, 2, 2])], within: 1e-6),
        OperatorCase(
            "STFT", opset: 17, ["onesided": .int(0)], floats([1, 2, 3, 4], [1, 4, 1]), ints([1], .scalar),
            floats([1, 0.5, 0]),
            gives: floats(
                [
                    2, 0, 0.5, -0.8660254, 0.5, 0.8660254,
                    3.5, 0, 1.25, -1.299038, 1.25, 1.299038,
                ], [1, 2, 3, 2]), within: 1e-5),
    ]

    @Test(arguments: cases) func matchesTheStandard(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    @Test(arguments: [
        ("DFT", [floats([1, 2, 3], [1, 1, 3])]), ("DFT", [floats([1], .scalar)]),
        ("DFT", [floats([1], [1, 1, 1]), ints([-1], .scalar)]),
        ("DFT", [floats([1], [1, 1, 1]), ints([.max], .scalar)]),
        ("DFT", [floats([1], [1, 1, 1]), ints([1], .scalar), ints([2], .scalar)]),
        ("DFT", [floats([], [1, 0, 1])]), ("DFT", [ints([1], [1, 1, 1])]),
        ("STFT", [floats([1, 2], [1, 2, 1]), ints([0], .scalar)]),
        ("STFT", [floats([1, 2], [1, 1, 2]), ints([1], .scalar)]),
        ("STFT", [floats([1, 2], [1, 2, 1]), ints([1], .scalar), floats([1, 1, 1])]),
        (
            "MelWeightMatrix",
            [ints([2], .scalar), ints([8], .scalar), ints([4], .scalar), floats([0], .scalar), floats([9], .scalar)]
        ),
        (
            "MelWeightMatrix",
            [ints([1], .scalar), ints([.max], .scalar), ints([1], .scalar), floats([0], .scalar), floats([1], .scalar)]
        ),
    ]) func wrongSignalsAreErrors(_ name: String, _ operands: [Tensor]) {
        #expect(throws: QTuneError.self) { try evaluateNode(name, opset: 20, [:], operands) }
    }
}
