import QTuneGraph
import QTuneTensor

/// Arithmetic on lengths of which some are only names. What cannot be followed is unknown.
enum DimensionArithmetic {
    static func add(_ a: Dimension, _ b: Dimension) -> Dimension { combine(a, b) { $0.adding($1) } }

    static func subtract(_ a: Dimension, _ b: Dimension) -> Dimension { combine(a, b) { $0.adding($1, times: -1) } }

    static func multiply(_ a: Dimension, _ b: Dimension) -> Dimension {
        if a == .fixed(0) || b == .fixed(0) { return .fixed(0) }
        return combine(a, b) { $0.multiplied(by: $1) }
    }

    /// The quotient of a division that leaves no rest.
    static func quotient(_ a: Dimension, _ b: Dimension) -> Dimension { combine(a, b) { $0.divided(by: $1) } }

    /// The quotient, rounded down.
    static func divide(_ a: Dimension, _ b: Dimension) -> Dimension {
        if let x = a.value, let y = b.value {
            let (quotient, overflow) = x.dividedReportingOverflow(by: y)
            guard !overflow else { return .unknown }
            let isRoundedUp = quotient * y != x && (x < 0) != (y < 0)
            return .fixed(isRoundedUp ? quotient - 1 : quotient)
        }
        let exact = quotient(a, b)
        guard exact == .unknown, a != .unknown, let divisor = b.value, divisor > 0 else { return exact }
        return LengthPolynomial.named("floor((\(a))/\(divisor))")
    }

    static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension { select("min", a, b, min) }

    static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension { select("max", a, b, max) }

    /// Whether `bounded` is `length`, or a fixed length above 1 where that is less: a network that combines the two
    /// element by element runs only where they are equal.
    static func isBounded(_ bounded: Dimension, of length: Dimension) -> Bool {
        guard case .symbolic(let name) = bounded, case .symbolic = length else { return false }
        let prefix = "min(\(length), "
        guard name.hasPrefix(prefix), name.hasSuffix(")") else { return false }
        return Int(name.dropFirst(prefix.count).dropLast()).map { $0 > 1 } ?? false
    }

    /// Whether the length cannot be negative, whatever the named lengths are. Calls like `floor((n - 5)/2)` may be.
    static func isNonnegative(_ length: Dimension) -> Bool {
        if case .symbolic(let name) = length, name.contains("(") { return false }
        return LengthPolynomial(length)?.isNonnegative ?? false
    }

    /// The product of lengths; 0 where one is 0, whatever the others are.
    static func product(_ factors: some Sequence<Dimension>) -> Dimension { factors.reduce(.fixed(1), multiply) }

    /// The sum of lengths.
    static func sum(_ terms: some Sequence<Dimension>) -> Dimension { terms.reduce(.fixed(0), add) }

    private static func select(
        _ name: String, _ a: Dimension, _ b: Dimension, _ choose: (Int, Int) -> Int
    ) -> Dimension {
        if a == b { return a }
        if let x = a.value, let y = b.value { return .fixed(choose(x, y)) }
        guard a != .unknown, b != .unknown else { return .unknown }
        // A number stands last, names in the order of the alphabet.
        let isInOrder = b.value != nil || a.value == nil && a.description < b.description
        let (first, second) = isInOrder ? (a, b) : (b, a)
        return LengthPolynomial.named("\(name)(\(first), \(second))")
    }

    private static func combine(
        _ a: Dimension, _ b: Dimension, _ operation: (LengthPolynomial, LengthPolynomial) -> LengthPolynomial?
    ) -> Dimension {
        guard let x = LengthPolynomial(a), let y = LengthPolynomial(b) else { return .unknown }
        return operation(x, y)?.dimension ?? .unknown
    }

    /// The elements of a result of an element-wise operator on small integer tensors.
    static func combine(
        _ a: InferredValue, _ b: InferredValue, _ operation: (Dimension, Dimension) -> Dimension
    ) -> [Dimension]? {
        guard let x = a.elements, let y = b.elements, let rankA = a.rank, let rankB = b.rank, rankA <= 1, rankB <= 1,
            x.count == y.count || x.count == 1 || y.count == 1
        else { return nil }
        let count = x.count == 1 ? y.count : x.count
        return (0..<count).map { operation(x[x.count == 1 ? 0 : $0], y[y.count == 1 ? 0 : $0]) }
    }
}
