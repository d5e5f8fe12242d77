import QTuneGraph
import QTuneKernels
import QTuneTensor

/// An operator that combines any number of operands, two at a time from the left, with broadcasting.
protocol VariadicOperator: Operator {
    static var function: BinaryFunction { get }
    /// What remains to be done to the combined elements, given the number of operands.
    static func finish(_ count: Int) -> UnaryFunction?
    /// What the operator does to lengths.
    static func combine(_ a: Dimension, _ b: Dimension) -> Dimension
    init()
}

extension VariadicOperator {
    static func finish(_ count: Int) -> UnaryFunction? { nil }
    static func combine(_ a: Dimension, _ b: Dimension) -> Dimension { .unknown }

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...Int.max)
        self.init()
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let operands = context.inputs.map { $0 ?? .unknown }
        let dtype = operands.lazy.compactMap(\.dtype).first
        var result = InferredValue.tensor(dtype, try Broadcasting.dimensions(of: operands))
        if operands.count == 2 {
            result.elements = DimensionArithmetic.combine(operands[0], operands[1], Self.combine)
        }
        return [result]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try context.inputs.indices.map { try context.tensor($0) }
        for operand in operands.dropFirst() { try requireSameType(operands[0], operand) }
        let shape = try Broadcasting.shape(of: operands.map(\.shape))
        let output = try context.makeOutput(0, operands[0].dtype, shape)
        if operands.count == 2, Self.function.kernel != nil, output.dtype == .float32, Self.finish(2) == nil {
            try Self.function.apply(operands[0], operands[1], into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let lane = try Lane.of(output)
        try output.fill(from: lane) { target in
            let first = Broadcasting.expanded(operands[0].widened(to: lane), to: shape)
            var sum = first
            for operand in operands.dropFirst() {
                let next = Tensor(uninitialized: lane.dtype, shape: shape)
                try Self.function.apply(sum, operand.widened(to: lane), into: next, pool: context.pool)
                sum = next
            }
            let last = Self.finish(operands.count) ?? UnaryFunction({ $0 }, signed: { $0 }, unsigned: { $0 })
            try last.apply(to: sum, into: target, pool: context.pool)
        }
        return [.tensor(output)]
    }
}

struct Sum: VariadicOperator {
    static let name = "Sum"
    static let versions = [6, 8, 13]
    static let function = BinaryFunction({ $0 + $1 }, kernel: .add)
}

struct Mean: VariadicOperator {
    static let name = "Mean"
    static let versions = [6, 8, 13]
    static let function = BinaryFunction({ $0 + $1 }, kernel: .add)
    static func finish(_ count: Int) -> UnaryFunction? { UnaryFunction { $0 / Double(count) } }
}

/// The largest element; NaN where one operand is NaN.
struct Max: VariadicOperator {
    static let name = "Max"
    static let versions = [6, 8, 12, 13]
    static let function = BinaryFunction(
        { $0.isNaN || $0 > $1 ? $0 : $1 }, signed: { max($0, $1) }, unsigned: { max($0, $1) }, kernel: .max)
    static func combine(_ a: Dimension, _ b: Dimension) -> Dimension { DimensionArithmetic.maximum(a, b) }
}

/// The smallest element; NaN where one operand is NaN.
struct Min: VariadicOperator {
    static let name = "Min"
    static let versions = [6, 8, 12, 13]
    static let function = BinaryFunction(
        { $0.isNaN || $0 < $1 ? $0 : $1 }, signed: { min($0, $1) }, unsigned: { min($0, $1) }, kernel: .min)
    static func combine(_ a: Dimension, _ b: Dimension) -> Dimension { DimensionArithmetic.minimum(a, b) }
}
