import QTuneGraph
import QTuneKernels
import QTuneTensor

/// An operator that compares two operands element by element, with broadcasting.
protocol ComparisonOperator: Operator {
    var kernel: Elements.Pair { get }
    var real: @Sendable (Double, Double) -> Bool { get }
    var signed: @Sendable (Int64, Int64) -> Bool { get }
    var unsigned: @Sendable (UInt64, UInt64) -> Bool { get }
    init()
}

extension ComparisonOperator {
    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        self.init()
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.bool, try Broadcasting.dimensions(of: [context[0], context[1]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = try comparable(try context.tensor(0), try context.tensor(1))
        let output = try context.makeOutput(0, .bool, Broadcasting.shape(of: [a.shape, b.shape]))
        if Elements.combine(kernel, a, b, into: output, pool: context.pool) { return [.tensor(output)] }
        let lane = try Lane.of(a)
        let (left, right) = (a.widened(to: lane), b.widened(to: lane))
        switch lane {
        case .real: Broadcasting.combine(left, right, into: output, real)
        case .signed: Broadcasting.combine(left, right, into: output, signed)
        case .unsigned: Broadcasting.combine(left, right, into: output, unsigned)
        }
        return [.tensor(output)]
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.elements : nil
    }

    /// The operands, strings numbered so that equal ones have equal numbers.
    private func comparable(_ a: Tensor, _ b: Tensor) throws -> (Tensor, Tensor) {
        try requireSameType(a, b)
        guard a.dtype == .string, Self.name == Equal.name else { return (a, b) }
        var numbers: [String: Int64] = [:]
        func numbered(_ tensor: Tensor) -> Tensor {
            let codes = tensor.strings.map { string in
                let number = numbers[string] ?? Int64(numbers.count)
                numbers[string] = number
                return number
            }
            return Tensor(codes, shape: tensor.shape)
        }
        return (numbered(a), numbered(b))
    }
}

struct Equal: ComparisonOperator {
    static let name = "Equal"
    static let versions = [7, 11, 13, 19]
    let kernel = Elements.Pair.equal
    let real: @Sendable (Double, Double) -> Bool = { $0 == $1 }
    let signed: @Sendable (Int64, Int64) -> Bool = { $0 == $1 }
    let unsigned: @Sendable (UInt64, UInt64) -> Bool = { $0 == $1 }
}

struct Greater: ComparisonOperator {
    static let name = "Greater"
    static let versions = [7, 9, 13]
    let kernel = Elements.Pair.greater
    let real: @Sendable (Double, Double) -> Bool = { $0 > $1 }
    let signed: @Sendable (Int64, Int64) -> Bool = { $0 > $1 }
    let unsigned: @Sendable (UInt64, UInt64) -> Bool = { $0 > $1 }
}

struct GreaterOrEqual: ComparisonOperator {
    static let name = "GreaterOrEqual"
    static let versions = [12, 16]
    let kernel = Elements.Pair.greaterOrEqual
    let real: @Sendable (Double, Double) -> Bool = { $0 >= $1 }
    let signed: @Sendable (Int64, Int64) -> Bool = { $0 >= $1 }
    let unsigned: @Sendable (UInt64, UInt64) -> Bool = { $0 >= $1 }
}

struct Less: ComparisonOperator {
    static let name = "Less"
    static let versions = [7, 9, 13]
    let kernel = Elements.Pair.less
    let real: @Sendable (Double, Double) -> Bool = { $0 < $1 }
    let signed: @Sendable (Int64, Int64) -> Bool = { $0 < $1 }
    let unsigned: @Sendable (UInt64, UInt64) -> Bool = { $0 < $1 }
}

struct LessOrEqual: ComparisonOperator {
    static let name = "LessOrEqual"
    static let versions = [12, 16]
    let kernel = Elements.Pair.lessOrEqual
    let real: @Sendable (Double, Double) -> Bool = { $0 <= $1 }
    let signed: @Sendable (Int64, Int64) -> Bool = { $0 <= $1 }
    let unsigned: @Sendable (UInt64, UInt64) -> Bool = { $0 <= $1 }
}

/// Whether each element is NaN.
struct IsNaN: Operator {
    static let name = "IsNaN"
    static let versions = [9, 13, 20]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.bool, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        _ = try Lane.of(input)
        let output = try context.makeOutput(0, .bool, input.shape)
        if !Elements.combine(.unordered, input, input, into: output, pool: context.pool) {
            ElementConversion.map(input.widened(to: .real), output) { (x: Double) in x.isNaN }
        }
        return [.tensor(output)]
    }
}

/// Whether each element is infinite, on the sides that the node asks about.
struct IsInf: Operator {
    static let name = "IsInf"
    static let versions = [10, 20]
    private let detectsNegative: Bool
    private let detectsPositive: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        detectsNegative = try node.int("detect_negative") ?? 1 != 0
        detectsPositive = try node.int("detect_positive") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.bool, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        _ = try Lane.of(input)
        let output = try context.makeOutput(0, .bool, input.shape)
        let (negative, positive) = (detectsNegative, detectsPositive)
        ElementConversion.map(input.widened(to: .real), output) { (x: Double) in
            x.isInfinite && (x < 0 ? negative : positive)
        }
        return [.tensor(output)]
    }
}
