/// The lengths of a tensor's axes, outermost first. A scalar has no axes.
public struct Shape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// Length of each axis; none is negative.
    public let dimensions: [Int]

    /// - Precondition: no length is negative. Lengths from outside go through `init(checking:)`.
    public init(_ dimensions: [Int]) {
        precondition(dimensions.allSatisfy { $0 >= 0 }, "negative length in \(dimensions)")
        self.dimensions = dimensions
    }

    /// A shape of lengths that come from outside; nil when one is negative or the number of elements overflows.
    public init?(checking dimensions: [Int]) {
        guard dimensions.allSatisfy({ $0 >= 0 }), Self.product(dimensions) != nil else { return nil }
        self.dimensions = dimensions
    }

    public init(arrayLiteral elements: Int...) { self.init(elements) }

    public static let scalar: Shape = []

    @inlinable public var rank: Int { dimensions.count }
    @inlinable public subscript(axis: Int) -> Int { dimensions[axis] }

    /// The number of elements, 1 for a scalar.
    public var elementCount: Int { dimensions.reduce(1, *) }

    /// Elements between neighbours along each axis of a dense row-major tensor.
    public var strides: [Int] {
        var strides = [Int](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * dimensions[axis + 1]
        }
        return strides
    }

    /// `axis` with negative values counted from the end; nil when out of range.
    public func normalizedAxis(_ axis: Int) -> Int? {
        let normalized = axis < 0 ? axis + rank : axis
        return (0..<rank).contains(normalized) ? normalized : nil
    }

    public var description: String { "[" + dimensions.map(String.init).joined(separator: ", ") + "]" }

    /// The product of `factors`, or nil if it overflows. An overflow counts even where a later factor is 0.
    static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors where factor != 0 {
            let (value, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            product = value
        }
        return factors.contains(0) ? 0 : product
    }
}

extension Shape {
    /// The shape that `self` and `other` broadcast to by the rules of NumPy, or nil where they do not or where the
    /// number of elements overflows.
    public func broadcast(with other: Shape) -> Shape? {
        let rank = max(self.rank, other.rank)
        var result = [Int](repeating: 1, count: rank)
        for axis in 0..<rank {
            let a = axis < rank - self.rank ? 1 : self[axis - (rank - self.rank)]
            let b = axis < rank - other.rank ? 1 : other[axis - (rank - other.rank)]
            guard a == b || a == 1 || b == 1 else { return nil }
            result[axis] = a == 1 ? b : a
        }
        return Shape(checking: result)
    }
}
