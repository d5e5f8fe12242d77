import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import func Glibc.fmod
    import func Glibc.pow
#else
    import func Darwin.fmod
    import func Darwin.pow
#endif

struct Add: PlainBinaryOperator {
    static let name = "Add"
    static let versions = [7, 13, 14]
    let function = BinaryFunction(
        { $0 + $1 }, signed: { $0 &+ $1 }, unsigned: { $0 &+ $1 }, kernel: .add, integerKernel: .add)
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension {
        DimensionArithmetic.add(a, b)
    }
}

struct Sub: PlainBinaryOperator {
    static let name = "Sub"
    static let versions = [7, 13, 14]
    let function = BinaryFunction(
        { $0 - $1 }, signed: { $0 &- $1 }, unsigned: { $0 &- $1 }, kernel: .sub, integerKernel: .sub)
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension {
        DimensionArithmetic.subtract(a, b)
    }
}

struct Mul: PlainBinaryOperator {
    static let name = "Mul"
    static let versions = [7, 13, 14]
    let function = BinaryFunction(
        { $0 * $1 }, signed: { $0 &* $1 }, unsigned: { $0 &* $1 }, kernel: .mul, integerKernel: .mul)
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension {
        DimensionArithmetic.multiply(a, b)
    }
}

/// Division; of integers the quotient truncated toward zero. Division of integers by zero is an error.
struct Div: PlainBinaryOperator {
    static let name = "Div"
    static let versions = [7, 13, 14]
    let function = BinaryFunction(
        { $0 / $1 }, signed: { $0.dividedReportingOverflow(by: $1).partialValue }, unsigned: { $0 / $1 },
        kernel: .div)

    /// Quotients with a rest are known of integers that cannot be negative: rounding down is truncation there.
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension {
        guard dtype?.isInteger == true, DimensionArithmetic.isNonnegative(a), DimensionArithmetic.isNonnegative(b)
        else { return DimensionArithmetic.quotient(a, b) }
        return DimensionArithmetic.divide(a, b)
    }

    func validate(_ a: Tensor, _ b: Tensor) throws { try requireDivisible(by: b) }
}

/// The remainder: with `fmod` 0 of the sign of the divisor, with `fmod` 1 of the sign of the dividend.
struct Mod: BinaryOperator {
    static let name = "Mod"
    static let versions = [10, 13]
    let function: BinaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        if try node.int("fmod") ?? 0 != 0 {
            function = BinaryFunction(
                { fmod($0, $1) }, signed: truncatedRemainder, unsigned: { $0 % $1 }, kernel: .remainder)
        } else {
            function = BinaryFunction(
                flooredRemainder,
                signed: { a, b in
                    let remainder = truncatedRemainder(a, b)
                    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
                }, unsigned: { $0 % $1 })
        }
    }

    func validate(_ a: Tensor, _ b: Tensor) throws { try requireDivisible(by: b) }
}

/// Powers. The exponent may be of another type; the result is of the base's.
struct Pow: Operator {
    static let name = "Pow"
    static let versions = [7, 12, 13, 15]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, try Broadcasting.dimensions(of: [context[0], context[1]]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (base, exponent) = (try context.tensor(0), try context.tensor(1))
        let output = try context.makeOutput(0, base.dtype, Broadcasting.shape(of: [base.shape, exponent.shape]))
        if base.dtype == .float32, exponent.dtype == .float32 {
            if exponent.count == 1, exponent.array(of: Float.self) == [2], output.shape == base.shape {
                Elementwise.binary(.mul, base, base, into: output, pool: context.pool)
                return [.tensor(output)]
            }
            Elementwise.binary(.pow, base, exponent, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let isInteger = try Lane.of(base) != .real && Lane.of(exponent) != .real
        if isInteger {
            let (a, b) = (base.widened(to: .signed), exponent.widened(to: .signed))
            output.fill(from: .signed) { Broadcasting.combine(a, b, into: $0, integerPower) }
        } else {
            let (a, b) = (base.widened(to: .real), exponent.widened(to: .real))
            output.fill(from: .real) { Broadcasting.combine(a, b, into: $0) { (x: Double, y: Double) in pow(x, y) } }
        }
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}

/// `x` where it is positive, otherwise `slope * x`; the slope broadcasts to the shape of `x`.
struct PRelu: PlainBinaryOperator {
    static let name = "PRelu"
    static let versions = [7, 9, 16]
    let function = BinaryFunction(
        { $0 < 0 ? $1 * $0 : $0 }, signed: { $0 < 0 ? $1 &* $0 : $0 }, unsigned: { x, _ in x },
        kernel: .prelu)
}

/// The remainder of a division toward zero; 0 where the quotient does not fit.
@Sendable private func truncatedRemainder(_ a: Int64, _ b: Int64) -> Int64 {
    a.remainderReportingOverflow(dividingBy: b).partialValue
}

/// The remainder of the sign of `b`.
@Sendable private func flooredRemainder(_ a: Double, _ b: Double) -> Double {
    let remainder = fmod(a, b)
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
}

/// `base` to the power of `exponent`, wrapping; a negative exponent gives what is left of the fraction.
@Sendable private func integerPower(_ base: Int64, _ exponent: Int64) -> Int64 {
    if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
    var (result, factor, rest): (Int64, Int64, Int64) = (1, base, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result = result &* factor }
        factor = factor &* factor
        rest >>= 1
    }
    return result
}
