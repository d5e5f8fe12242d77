#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension Float {
    var exponential: Float { exp(self) }
    var hyperbolicTangent: Float { tanh(self) }
}

extension Double {
    var exponential: Double { exp(self) }
    var hyperbolicTangent: Double { tanh(self) }
}
