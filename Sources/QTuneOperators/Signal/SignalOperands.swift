import QTuneGraph
import QTuneTensor

/// The lines of a signal tensor along one axis: real numbers, or pairs of real and imaginary part in the last axis.
struct SignalLines {
    /// Real and imaginary parts, or real ones only.
    let isComplex: Bool
    /// Numbers of a line.
    let length: Int
    /// Lines in front of the axis, and behind it.
    let outer: Int
    let inner: Int
    private let elements: [Double]

    /// - Parameter axis: normalized; not the last one.
    init(_ signal: Tensor, axis: Int) throws {
        guard signal.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "operand 0 is \(signal.dtype), not a float type")
        }
        let lengths = signal.shape.dimensions
        isComplex = try Self.isComplex(lengths[lengths.count - 1])
        length = lengths[axis]
        outer = lengths[..<axis].reduce(1, *)
        inner = lengths[(axis + 1)...].dropLast().reduce(1, *)
        elements = signal.widened(to: .real).array(of: Double.self)
    }

    /// Whether a last axis of that length holds complex numbers.
    static func isComplex(_ last: Int) throws -> Bool {
        guard last == 1 || last == 2 else {
            throw QTuneError(
                .invalidInput, "the last axis of a signal has the length \(last), not 1 (real) or 2 (complex)")
        }
        return last == 2
    }

    /// Writes `count` numbers of a line, from `start` on, to `numbers`; what is past the line's end is 0.
    func copy(outer: Int, inner: Int, from start: Int = 0, count: Int, to numbers: inout ComplexNumbers) {
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
