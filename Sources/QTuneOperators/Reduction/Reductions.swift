import QTuneKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct ReduceSum: ReductionOperator {
    static let name = "ReduceSum"
    static let versions = [1, 11, 13]
    static let axesAreOperandSince = 13
    let attributes: ReductionAttributes
    let function = ReductionFunction(0, signed: .init(start: 0) { $0 &+ $1 }, kernel: .sum) { $0 + $1 }
}

struct ReduceMean: ReductionOperator {
    static let name = "ReduceMean"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(0, finish: { $0 / Double($1) }, kernel: .mean) { $0 + $1 }
}

struct ReduceProd: ReductionOperator {
    static let name = "ReduceProd"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(1, signed: .init(start: 1) { $0 &* $1 }, kernel: .product) { $0 * $1 }
}

struct ReduceL1: ReductionOperator {
    static let name = "ReduceL1"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(0, kernel: .sumOfMagnitudes) { $0 + abs($1) }
}

struct ReduceL2: ReductionOperator {
    static let name = "ReduceL2"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    /// Squares beyond the bounds of the kernel's results are infinite or lose digits in float32.
    let function = ReductionFunction(
        0, finish: { result, _ in result.squareRoot() }, kernel: .sumOfSquares, finishKernel: .sqrt,
        kernelResults: 1e-15...Float.greatestFiniteMagnitude
    ) { $0 + $1 * $1 }
}

struct ReduceSumSquare: ReductionOperator {
    static let name = "ReduceSumSquare"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(
        0, signed: .init(start: 0) { $0 &+ $1 &* $1 }, kernel: .sumOfSquares
    ) { $0 + $1 * $1 }
}

struct ReduceLogSum: ReductionOperator {
    static let name = "ReduceLogSum"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(
        0, finish: { result, _ in log(result) }, kernel: .sum, finishKernel: .log
    ) { $0 + $1 }
}

/// The logarithm of the sum of exponentials, kept from overflowing by its largest term.
struct ReduceLogSumExp: ReductionOperator {
    static let name = "ReduceLogSumExp"
    static let versions = [1, 11, 13, 18]
    let attributes: ReductionAttributes
    let function = ReductionFunction(-.infinity, kernel: .logSumExp) { sum, element in
        let larger = max(sum, element)
        guard larger.isFinite else { return sum.isNaN || element.isNaN ? .nan : larger }
        return larger + log1p(exp(min(sum, element) - larger))
    }
}

struct ReduceMax: ReductionOperator {
    static let name = "ReduceMax"
    static let versions = [1, 11, 12, 13, 18, 20]
    let attributes: ReductionAttributes
    let function = ReductionFunction(-.infinity, signed: .init(start: .min) { max($0, $1) }, kernel: .max) {
        $0.isNaN || $0 > $1 ? $0 : $1
    }
}

struct ReduceMin: ReductionOperator {
    static let name = "ReduceMin"
    static let versions = [1, 11, 12, 13, 18, 20]
    let attributes: ReductionAttributes
    let function = ReductionFunction(.infinity, signed: .init(start: .max) { min($0, $1) }, kernel: .min) {
        $0.isNaN || $0 < $1 ? $0 : $1
    }
}
