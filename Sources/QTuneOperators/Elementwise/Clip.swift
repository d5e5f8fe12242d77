import QTuneKernels
import QTuneTensor

/// Elements clamped to `min...max`: attributes before operator set 11, operands since. Where the lower end is above
/// the upper, every element becomes the upper.
struct Clip: Operator {
    static let name = "Clip"
    static let versions = [6, 11, 12, 13]
    /// The ends that attributes give; nil where operands do.
    private let attributes: (lower: Double, upper: Double)?

    init(_ node: NodeReader) throws {
        if node.opset < 11 {
            try node.expect(inputs: 1...1)
            attributes = (
                Double(try node.float("min") ?? -.greatestFiniteMagnitude),
                Double(try node.float("max") ?? .greatestFiniteMagnitude)
            )
        } else {
            try node.expect(inputs: 1...3)
            attributes = nil
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: context[0].type)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let lower = try end(context, 1, input.dtype)
        let upper = try end(context, 2, input.dtype)
        let output = try context.makeOutput(0, input.dtype, input.shape)
        try clamp(lower, upper, lane: Lane.of(input)).apply(to: input, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    private func end(_ context: EvaluationContext, _ index: Int, _ dtype: DType) throws -> Tensor? {
        if let attributes {
            let end = Tensor(uninitialized: dtype, shape: .scalar)
            end.fill(from: .real) { lane in
                lane.withMutableSpan(of: Double.self) { $0[0] = index == 1 ? attributes.lower : attributes.upper }
            }
            return end
        }
        guard let tensor = try context.optionalTensor(index) else { return nil }
        guard tensor.dtype == dtype, tensor.count == 1 else {
            throw QTuneError(
                .invalidInput, "operand \(index) must be one \(dtype), not \(tensor.dtype) of shape \(tensor.shape)")
        }
        return tensor
    }

    private func clamp(_ lower: Tensor?, _ upper: Tensor?, lane: Lane) -> UnaryFunction {
        let (lower, upper) = (lower?.widened(to: lane), upper?.widened(to: lane))
        switch lane {
        case .real:
            let low = lower?.array(of: Double.self)[0] ?? -.infinity
            let high = upper?.array(of: Double.self)[0] ?? .infinity
            return UnaryFunction(kernel: .clip(lower: Float(low), upper: Float(high))) {
                $0.isNaN ? $0 : min(max($0, low), high)
            }
        case .signed:
            let low = lower?.array(of: Int64.self)[0] ?? .min
            let high = upper?.array(of: Int64.self)[0] ?? .max
            return UnaryFunction(nil, signed: { min(max($0, low), high) })
        case .unsigned:
            let low = lower?.array(of: UInt64.self)[0] ?? .min
            let high = upper?.array(of: UInt64.self)[0] ?? .max
            return UnaryFunction(nil, unsigned: { min(max($0, low), high) })
        }
    }

    var inPlaceInputs: [Int] { [0] }
}
