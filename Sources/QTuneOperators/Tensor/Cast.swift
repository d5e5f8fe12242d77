import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Elements as another type: an attribute names it (`Cast`) or the second operand has it (`CastLike`).
private struct ElementCast: Sendable {
    /// Whether what is too large for a float8 type becomes its largest value.
    var saturates = true
    /// How float8e8m0 rounds.
    var rounding = "up"

    init(_ node: NodeReader) throws {
        saturates = try node.int("saturate") ?? 1 != 0
        rounding = try node.string("round_mode") ?? "up"
        guard ["up", "down", "nearest"].contains(rounding) else {
            throw QTuneError(.invalidModel, "attribute 'round_mode' is '\(rounding)', not up, down or nearest")
        }
    }

    func apply(_ input: Tensor, to dtype: DType, _ context: EvaluationContext) throws -> Value {
        if dtype == input.dtype { return .tensor(input) }
        if dtype == .string { return .tensor(try text(of: input)) }
        let output = try context.makeOutput(0, dtype, input.shape)
        let source = input.dtype == .string ? try numbers(in: input, for: dtype) : input
        if Elements.convert(source, into: output, pool: context.pool) { return .tensor(output) }
        guard let lane = Lane(source.dtype), Lane(dtype) != nil else {
            throw QTuneError(.unsupported, "\(input.dtype) cannot be cast to \(dtype)")
        }
        let exact = lane == .real && dtype == .float8e8m0 ? rounded(source.widened(to: lane)) : source.widened(to: lane)
        ElementConversion.narrow(exact, lane: lane, into: output, saturating: saturates)
        return .tensor(output)
    }

    /// Powers of two in place of numbers, as the rounding says; the nearest one is left to the conversion.
    private func rounded(_ reals: Tensor) -> Tensor {
        guard rounding != "nearest" else { return reals }
        let result = Tensor(uninitialized: .float64, shape: reals.shape)
        let up = rounding == "up"
        ElementConversion.map(reals, result) { (x: Double) in
            guard x.isFinite, x != 0 else { return x }
            let power = scalbn(1, Int(abs(x).exponent))
            return up && power < abs(x) ? power * 2 : power
        }
        return result
    }

    private func text(of input: Tensor) throws -> Tensor {
        let strings: [String]
        switch input.dtype {
        case .float32: strings = input.array(of: Float.self).map { Self.text($0, "\($0)") }
        case .float64: strings = input.array(of: Double.self).map { Self.text($0, "\($0)") }
        case .float16: strings = input.array(of: Float16.self).map { Self.text($0, "\($0)") }
        case .bool: strings = input.array(of: Bool.self).map { $0 ? "True" : "False" }
        case .uint64: strings = input.array(of: UInt64.self).map { "\($0)" }
        default:
            if let integers = input.integers {
                strings = integers.map { "\($0)" }
            } else {
                guard Lane(input.dtype) != nil else {
                    throw QTuneError(.unsupported, "\(input.dtype) cannot be cast to string")
                }
                strings = input.widened(to: .real).array(of: Double.self).map { Self.text($0, "\(Float($0))") }
            }
        }
        return Tensor(strings: strings, shape: input.shape)
    }

    private static func text<Real: BinaryFloatingPoint>(_ value: Real, _ plain: String) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-INF" : "INF") : plain
    }

    /// `text` without the white space round it.
    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    /// The numbers that strings spell, in the lane of the target type.
    private func numbers(in input: Tensor, for dtype: DType) throws -> Tensor {
        func parse<Number>(_ read: (String) -> Number?) throws -> [Number] {
            try input.strings.map { string in
                guard let number = read(Self.trimmed(string)) else {
                    throw QTuneError(.invalidInput, "'\(string)' is no number")
                }
                return number
            }
        }
        if dtype == .uint64 { return Tensor(try parse { UInt64($0) }, shape: input.shape) }
        if dtype.isInteger {
            return Tensor(try parse { Int64($0) ?? Double($0).map { Int64(saturating: $0) } }, shape: input.shape)
        }
        return Tensor(try parse { Double($0) }, shape: input.shape)
    }
}

struct Cast: Operator {
    static let name = "Cast"
    static let versions = [6, 9, 13, 19, 21, 23, 24, 25, 28]
    private let dtype: DType
    private let cast: ElementCast

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        dtype = try elementType(node.required("to", node.int("to")), "to")
        cast = try ElementCast(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [castResult(context[0], to: dtype)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [try cast.apply(try context.tensor(0), to: dtype, context)]
    }
}

struct CastLike: Operator {
    static let name = "CastLike"
    static let versions = [15, 19, 21, 23, 24, 25, 28]
    private let cast: ElementCast

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        cast = try ElementCast(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [castResult(context[0], to: context[1].dtype)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        [try cast.apply(try context.tensor(0), to: try context.tensor(1).dtype, context)]
    }
}

/// What is known of a cast value. Lengths pass through types that hold every length, and small known ones through all.
private func castResult(_ input: InferredValue, to dtype: DType?) -> InferredValue {
    var result = InferredValue.tensor(dtype, input.dimensions)
    if dtype == .int64 || dtype == .int32 || dtype == .float32 || dtype == .float64 { result.elements = input.elements }
    return result
}

/// The element type that the standard numbers `number`.
func elementType(_ number: Int, _ attribute: String) throws -> DType {
    guard let raw = Int32(exactly: number), let dtype = DType(rawValue: raw) else {
        throw QTuneError(.invalidModel, "attribute '\(attribute)' is \(number), which is no element type")
    }
    return dtype
}
