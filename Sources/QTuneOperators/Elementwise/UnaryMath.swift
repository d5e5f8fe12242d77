import QTuneKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct Abs: PlainUnaryOperator {
    static let name = "Abs"
    static let versions = [6, 13]
    let function = UnaryFunction(
        { abs($0) }, signed: { $0 < 0 ? 0 &- $0 : $0 }, unsigned: { $0 }, kernel: .abs)
}

struct Neg: PlainUnaryOperator {
    static let name = "Neg"
    static let versions = [6, 13]
    let function = UnaryFunction({ -$0 }, signed: { 0 &- $0 }, unsigned: { 0 &- $0 }, kernel: .neg)
}

struct Sign: PlainUnaryOperator {
    static let name = "Sign"
    static let versions = [9, 13]
    let function = UnaryFunction(
        { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, signed: { $0.signum() }, unsigned: { min($0, 1) },
        kernel: .sign)
}

struct Reciprocal: PlainUnaryOperator {
    static let name = "Reciprocal"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .reciprocal) { 1 / $0 }
}

struct Sqrt: PlainUnaryOperator {
    static let name = "Sqrt"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .sqrt) { $0.squareRoot() }
}

struct Exp: PlainUnaryOperator {
    static let name = "Exp"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .exp) { exp($0) }
}

struct Log: PlainUnaryOperator {
    static let name = "Log"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .log) { log($0) }
}

struct Erf: PlainUnaryOperator {
    static let name = "Erf"
    static let versions = [9, 13]
    let function = UnaryFunction({ erf($0) }, signed: { Int64(erf(Double($0))) }, kernel: .erf)
}

struct Floor: PlainUnaryOperator {
    static let name = "Floor"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .floor) { $0.rounded(.down) }
}

struct Ceil: PlainUnaryOperator {
    static let name = "Ceil"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .ceil) { $0.rounded(.up) }
}

struct Round: PlainUnaryOperator {
    static let name = "Round"
    static let versions = [11, 22]
    let function = UnaryFunction(kernel: .round) { $0.rounded(.toNearestOrEven) }
}
