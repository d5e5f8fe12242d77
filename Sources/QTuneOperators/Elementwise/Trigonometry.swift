import QTuneKernels

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

struct Sin: PlainUnaryOperator {
    static let name = "Sin"
    static let versions = [7, 22]
    let function = UnaryFunction(kernel: .sin) { sin($0) }
}

struct Cos: PlainUnaryOperator {
    static let name = "Cos"
    static let versions = [7, 22]
    let function = UnaryFunction(kernel: .cos) { cos($0) }
}

struct Tan: PlainUnaryOperator {
    static let name = "Tan"
    static let versions = [7, 22]
    let function = UnaryFunction { tan($0) }
}

struct Asin: PlainUnaryOperator {
    static let name = "Asin"
    static let versions = [7, 22]
    let function = UnaryFunction { asin($0) }
}

struct Acos: PlainUnaryOperator {
    static let name = "Acos"
    static let versions = [7, 22]
    let function = UnaryFunction { acos($0) }
}

struct Atan: PlainUnaryOperator {
    static let name = "Atan"
    static let versions = [7, 22]
    let function = UnaryFunction { atan($0) }
}

struct Sinh: PlainUnaryOperator {
    static let name = "Sinh"
    static let versions = [9, 22]
    let function = UnaryFunction { sinh($0) }
}

struct Cosh: PlainUnaryOperator {
    static let name = "Cosh"
    static let versions = [9, 22]
    let function = UnaryFunction { cosh($0) }
}

struct Tanh: PlainUnaryOperator {
    static let name = "Tanh"
    static let versions = [6, 13]
    let function = UnaryFunction(kernel: .tanh) { tanh($0) }
}

struct Asinh: PlainUnaryOperator {
    static let name = "Asinh"
    static let versions = [9, 22]
    let function = UnaryFunction { asinh($0) }
}

struct Acosh: PlainUnaryOperator {
    static let name = "Acosh"
    static let versions = [9, 22]
    let function = UnaryFunction { acosh($0) }
}

struct Atanh: PlainUnaryOperator {
    static let name = "Atanh"
    static let versions = [9, 22]
    let function = UnaryFunction { atanh($0) }
}
