import QTuneGraph
import QTuneTensor

/// Arithmetic on lengths of which some are only names.
enum DimensionArithmetic {
    static func add(_ a: Dimension, _ b: Dimension) -> Dimension {
        switch (a, b) {
        case (.fixed(let x), .fixed(let y)): fixed(x.addingReportingOverflow(y))
        case (.fixed(0), let other), (let other, .fixed(0)): other
        default: .unknown
        }
    }

    static func subtract(_ a: Dimension, _ b: Dimension) -> Dimension {
        switch (a, b) {
        case (.fixed(let x), .fixed(let y)): fixed(x.subtractingReportingOverflow(y))
        case (let other, .fixed(0)): other
        case (.symbolic(let x), .symbolic(let y)) where x == y: .fixed(0)
        default: .unknown
        }
    }

    static func multiply(_ a: Dimension, _ b: Dimension) -> Dimension {
        switch (a, b) {
        case (.fixed(let x), .fixed(let y)): fixed(x.multipliedReportingOverflow(by: y))
        case (.fixed(0), _), (_, .fixed(0)): .fixed(0)
        case (.fixed(1), let other), (let other, .fixed(1)): other
        default: .unknown
        }
    }

    static func divide(_ a: Dimension, _ b: Dimension) -> Dimension {
        switch (a, b) {
        case (.fixed(let x), .fixed(let y)): y == 0 ? .unknown : fixed(x.dividedReportingOverflow(by: y))
        case (let other, .fixed(1)): other
        default: .unknown
        }
    }

    static func minimum(_ a: Dimension, _ b: Dimension) -> Dimension { select(a, b, min) }

    static func maximum(_ a: Dimension, _ b: Dimension) -> Dimension { select(a, b, max) }

    /// The product of lengths; 0 where one is 0, whatever the others are.
    static func product(_ factors: some Sequence<Dimension>) -> Dimension { factors.reduce(.fixed(1), multiply) }

    /// The sum of lengths.
    static func sum(_ terms: some Sequence<Dimension>) -> Dimension { terms.reduce(.fixed(0), add) }

    private static func select(_ a: Dimension, _ b: Dimension, _ choose: (Int, Int) -> Int) -> Dimension {
        if a == b { return a }
        guard let x = a.value, let y = b.value else { return .unknown }
        return .fixed(choose(x, y))
    }

    private static func fixed(_ result: (partialValue: Int, overflow: Bool)) -> Dimension {
        result.overflow ? .unknown : .fixed(result.partialValue)
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
