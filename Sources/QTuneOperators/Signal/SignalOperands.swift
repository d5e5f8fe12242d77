import QTuneGraph
import QTuneTensor

/// The lines of a signal tensor along one axis: real numbers, or pairs of real and imaginary part in the last axis.
struct SignalLines<Real: BinaryFloatingPoint & TensorElement> {
    /// Real and imaginary parts, or real ones only.
    let isComplex: Bool
    /// Numbers of a line.
    let length: Int
    /// Lines in front of the axis, and behind it.
    let outer: Int
    let inner: Int
    private let elements: [Real]

    /// - Parameters:
    ///   - signal: of the elements `Real`.
    ///   - axis: normalized; not the last one.
    init(_ signal: Tensor, axis: Int) throws {
        let lengths = signal.shape.dimensions
        isComplex = try Self.isComplex(lengths[lengths.count - 1])
        length = lengths[axis]
        outer = lengths[..<axis].reduce(1, *)
        inner = lengths[(axis + 1)...].dropLast().reduce(1, *)
        elements = signal.array(of: Real.self)
    }

    /// Whether a last axis of that length holds complex numbers.
    private static func isComplex(_ last: Int) throws -> Bool {
        guard last == 1 || last == 2 else {
            throw QTuneError(
                .invalidInput, "the last axis of a signal has the length \(last), not 1 (real) or 2 (complex)")
        }
        return last == 2
    }

    /// Writes `count` numbers of a line, from `start` on, to `numbers`; what is past the line's end is 0.
    func copy(outer: Int, inner: Int, from start: Int = 0, count: Int, to numbers: inout ComplexNumbers<Real>) {
        let width = isComplex ? 2 : 1
        for index in 0..<count {
            let isInside = start + index < length
            let place = ((outer * length + start + index) * self.inner + inner) * width
            numbers.real[index] = isInside ? elements[place] : 0
            numbers.imaginary[index] = isInside && isComplex ? elements[place + 1] : 0
        }
    }
}

extension EvaluationContext {
    /// Operand `index`, of a float type that is computed with, in the precision `Real`.
    func signal<Real: TensorElement>(_ index: Int, _: Real.Type) throws -> Tensor {
        let signal = try tensor(index)
        guard [.float32, .float64, .float16, .bfloat16].contains(signal.dtype) else {
            throw QTuneError(.invalidInput, "operand \(index) is \(signal.dtype), not a float type of 16 bits or more")
        }
        return Real.dtype == .float64 ? signal.widened(to: .real) : signal.widened()
    }

    /// Makes output 0, of a float type, by arithmetic in the precision `Real`.
    func makeSignal<Real: TensorElement>(
        _ dtype: DType, _ shape: Shape, _ body: (inout MutableSpan<Real>) throws -> Void
    ) throws -> Value {
        guard Real.dtype == .float64 else {
            return try makeFloatOutput(0, dtype, shape) { try $0.withMutableSpan(of: Real.self, body) }
        }
        let output = try makeOutput(0, dtype, shape)
        try output.fill(from: .real) { try $0.withMutableSpan(of: Real.self, body) }
        return .tensor(output)
    }

    /// The one number that operand `index` holds; nil where it is left out.
    func number(_ index: Int, _ what: String) throws -> Int? {
        guard let numbers = try integers(index) else { return nil }
        guard numbers.count == 1 else { throw QTuneError(.invalidInput, "\(what) must be one number") }
        return numbers[0]
    }
}

extension InferredValue {
    /// The one length that a scalar operand holds, as far as it is known.
    var length: Dimension { lengths.flatMap { $0.count == 1 ? $0[0] : nil } ?? .unknown }
}
