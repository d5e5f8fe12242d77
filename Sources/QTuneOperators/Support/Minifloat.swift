import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A floating-point format of at most 8 bits.
struct Minifloat {
    private let exponentBits: Int
    private let mantissaBits: Int
    private let bias: Int
    private let isSigned: Bool
    /// Which codes are not finite.
    private let specials: Specials

    private enum Specials {
        /// The highest exponent stands for infinity and NaN.
        case ieee
        /// Only the code of all ones is NaN; there is no infinity.
        case allOnes
        /// The code of negative zero is NaN; there is neither infinity nor negative zero.
        case negativeZero
        /// Every code is finite.
        case none
    }

    init?(_ dtype: DType) {
        switch dtype {
        case .float8e4m3fn: self.init(4, 3, bias: 7, .allOnes)
        case .float8e4m3fnuz: self.init(4, 3, bias: 8, .negativeZero)
        case .float8e5m2: self.init(5, 2, bias: 15, .ieee)
        case .float8e5m2fnuz: self.init(5, 2, bias: 16, .negativeZero)
        case .float4e2m1: self.init(2, 1, bias: 1, .none)
        case .float6e2m3: self.init(2, 3, bias: 1, .none)
        case .float6e3m2: self.init(3, 2, bias: 3, .none)
        case .float8e8m0: self.init(8, 0, bias: 127, .allOnes, signed: false)
        default: return nil
        }
    }

    private init(_ exponentBits: Int, _ mantissaBits: Int, bias: Int, _ specials: Specials, signed: Bool = true) {
        self.exponentBits = exponentBits
        self.mantissaBits = mantissaBits
        self.bias = bias
        self.specials = specials
        isSigned = signed
    }

    private var magnitudeBits: Int { exponentBits + mantissaBits }

    /// The value of each code.
    var values: [Double] { (0..<(1 << (magnitudeBits + (isSigned ? 1 : 0)))).map(value) }

    private func value(of code: Int) -> Double {
        let magnitude = code & ((1 << magnitudeBits) - 1)
        let isNegative = isSigned && code >> magnitudeBits == 1
        let exponent = magnitude >> mantissaBits
        let mantissa = magnitude & ((1 << mantissaBits) - 1)
        switch specials {
        case .ieee where exponent == (1 << exponentBits) - 1:
            return mantissa != 0 ? .nan : isNegative ? -.infinity : .infinity
        case .allOnes where magnitude == (1 << magnitudeBits) - 1: return .nan
        case .negativeZero where magnitude == 0 && isNegative: return .nan
        default: break
        }
        guard isSigned else { return scalbn(1, exponent - bias) }
        let isSubnormal = exponent == 0
        let significand = Double(mantissa + (isSubnormal ? 0 : 1 << mantissaBits))
        let absolute = scalbn(significand, (isSubnormal ? 1 : exponent) - bias - mantissaBits)
        return isNegative ? -absolute : absolute
    }

    /// The largest code of a finite positive value.
    private var largestCode: Int {
        switch specials {
        case .ieee: ((1 << exponentBits) - 1) << mantissaBits - 1
        case .allOnes: (1 << magnitudeBits) - 2
        case .negativeZero, .none: (1 << magnitudeBits) - 1
        }
    }

    /// The code nearest to `x`, ties to even. What is too large gives the largest value when `saturating`, otherwise
    /// infinity or NaN as the format has it.
    func code(of x: Double, saturating: Bool) -> Int {
        guard isSigned else { return exponentCode(of: x, saturating: saturating) }
        let sign = x.sign == .minus ? 1 << magnitudeBits : 0
        if x.isNaN { return nanCode(sign) }
        let magnitude = magnitudeCode(of: abs(x))
        if magnitude > largestCode || x.isInfinite {
            if saturating { return sign | largestCode }
            return specials == .ieee ? sign | (largestCode + 1) : specials == .none ? sign | largestCode : nanCode(sign)
        }
        if magnitude == 0, specials == .negativeZero { return 0 }
        return sign | magnitude
    }

    /// The code of NaN; negative zero in a format that has none.
    private func nanCode(_ sign: Int) -> Int {
        switch specials {
        case .ieee, .allOnes: sign | ((1 << magnitudeBits) - 1)
        case .negativeZero: 1 << magnitudeBits
        case .none: 1 << magnitudeBits
        }
    }

    /// The code of a finite value of at least 0, past the largest where it rounds up to more.
    private func magnitudeCode(of x: Double) -> Int {
        guard x.isFinite else { return largestCode + 1 }
        guard x > 0 else { return 0 }
        let exponent = max(Int(x.exponent), 1 - bias)
        let significand = Int(scalbn(x, mantissaBits - exponent).rounded(.toNearestOrEven))
        guard significand <= 2 << mantissaBits, exponent + bias < 1 << (exponentBits + 1) else {
            return largestCode + 1
        }
        return ((exponent + bias - 1) << mantissaBits) + significand
    }

    /// The nearest power of two, ties upward, of a format that has only an exponent.
    private func exponentCode(of x: Double, saturating: Bool) -> Int {
        if x.isNaN { return 255 }
        guard x.isFinite else { return saturating ? 254 : 255 }
        guard abs(x) > 0 else { return 0 }
        let up = abs(x).significand >= 1.5 ? 1 : 0
        let code = Int(abs(x).exponent) + up + bias
        return code > 254 ? (saturating ? 254 : 255) : max(code, 0)
    }
}
