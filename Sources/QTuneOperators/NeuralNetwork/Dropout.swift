import QTuneGraph
import QTuneTensor

/// Passes its input on; in training mode with each element dropped by chance, and those that stay scaled so that the
/// mean stays too. Operands: x, the share to drop, whether to train.
struct Dropout: Operator {
    static let name = "Dropout"
    static let versions = [1, 6, 7, 10, 12, 13, 22]

    private let version: Int
    private let seed: UInt32?
    private let mayTrain: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...3, outputs: 1...2)
        version = node.opset
        mayTrain = version >= 12 && node.node.inputs.count > 2 && !node.node.inputs[2].isEmpty
        seed = try node.int("seed").map { UInt32(truncatingIfNeeded: $0) }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        // Until version 10 the mask had the type of the data.
        let maskType = version >= 10 ? DType.bool : context[0].dtype
        return [.tensor(context[0].dtype, context[0].dimensions), .tensor(maskType, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        if mayTrain, try context.integers(2)?.contains(1) == true {
            let ratio = try ratio(context)
            if ratio > 0 { return try drop(ratio, of: input, in: context) }
        }
        guard context.outputCount > 1 else { return [.tensor(input)] }
        guard version >= 10 else {
            let ones = [Double](repeating: 1, count: input.count)
            return [.tensor(input), .tensor(try Tensor.floats(ones, dtype: input.dtype, shape: input.shape))]
        }
        let mask = Tensor(Bool.self, shape: input.shape) { for index in $0.indices { $0[index] = true } }
        return [.tensor(input), .tensor(mask)]
    }

    private func drop(_ ratio: Double, of input: Tensor, in context: EvaluationContext) throws -> [Value] {
        guard input.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "Dropout of \(input.dtype) in training mode")
        }
        var generator = MersenneTwister(seed: seed ?? .random(in: .min ... .max))
        let mask = try context.makeOutput(1, .bool, input.shape)
        mask.withMutableSpan(of: Bool.self) { mask in
            for index in mask.indices { mask[index] = generator.uniform() >= ratio }
        }
        let scale = 1 / (1 - ratio)
        let values = input.widened(to: .real)
        let output = try context.makeOutput(0, input.dtype, input.shape)
        output.fill(from: .real) { target in
            values.withSpan(of: Double.self) { values in
                mask.withSpan(of: Bool.self) { mask in
                    target.withMutableSpan(of: Double.self) { target in
                        for index in target.indices { target[index] = (mask[index] ? 1 : 0) * values[index] * scale }
                    }
                }
            }
        }
        return [.tensor(output), .tensor(mask)]
    }

    /// The share of elements to drop, a half where it is not given.
    private func ratio(_ context: EvaluationContext) throws -> Double {
        guard let operand = try context.optionalTensor(1) else { return 0.5 }
        guard operand.dtype.isFloatingPoint, operand.count == 1 else {
            throw QTuneError(.invalidInput, "the ratio of Dropout is \(operand.dtype)\(operand.shape), not a number")
        }
        let ratio = operand.widened(to: .real).withSpan(of: Double.self) { $0[0] }
        guard ratio >= 0, ratio < 1 else {
            throw QTuneError(.invalidInput, "the ratio of Dropout is \(ratio), not from 0 up to 1")
        }
        return ratio
    }

    var inPlaceInputs: [Int] { [0] }

    /// A seed gives the same elements every time.
    var isDeterministic: Bool { !mayTrain || seed != nil }
}
