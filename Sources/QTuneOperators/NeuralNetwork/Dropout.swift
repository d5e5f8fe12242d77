import QTuneGraph
import QTuneTensor

/// Passes its input on: elements are dropped in training only, which this engine does not do.
struct Dropout: Operator {
    static let name = "Dropout"
    static let versions = [1, 6, 7, 10, 12, 13, 22]

    private let version: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...3, outputs: 1...2)
        version = node.opset
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        // Until version 10 the mask had the type of the data.
        let maskType = version >= 10 ? DType.bool : context[0].dtype
        return [.tensor(context[0].dtype, context[0].dimensions), .tensor(maskType, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        if let training = try context.integers(2), training.contains(1), try ratio(context) > 0 {
            throw QTuneError(.unsupported, "Dropout in training mode", remedy: "export the model for inference")
        }
        guard context.outputCount > 1 else { return [.tensor(input)] }
        guard version >= 10 else {
            let ones = [Double](repeating: 1, count: input.count)
            return [.tensor(input), .tensor(try Tensor.floats(ones, dtype: input.dtype, shape: input.shape))]
        }
        let mask = Tensor(Bool.self, shape: input.shape) { for index in $0.indices { $0[index] = true } }
        return [.tensor(input), .tensor(mask)]
    }

    private func ratio(_ context: EvaluationContext) throws -> Double {
        guard let ratio = try context.optionalTensor(1) else { return 0.5 }
        switch ratio.dtype {
        case .float64: return ratio.array(of: Double.self).first ?? 0.5
        case .float32, .float16, .bfloat16: return Double(ratio.widened().array(of: Float.self).first ?? 0.5)
        default: throw QTuneError(.invalidInput, "the ratio of Dropout is \(ratio.dtype)")
        }
    }

    var inPlaceInputs: [Int] { [0] }
}
