#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Numbers as people read them.
package enum NumberText {
    /// At most `digits` decimals, none that are 0 at the end.
    static func short(_ value: Double, digits: Int = 2) -> String {
        var text = fixed(value, digits: digits)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text
    }

    /// So many decimals; a value too large to have any is written with its power of ten.
    package static func fixed(_ value: Double, digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value * scale).rounded()
        guard abs(scaled) < 1e15, scale < 1e15 else { return "\(value)" }
        let (whole, part) = Int(abs(scaled)).quotientAndRemainder(dividingBy: Int(scale))
        let sign = scaled < 0 ? "-" : ""
        guard digits > 0 else { return "\(sign)\(whole)" }
        let decimals = String(part)
        return "\(sign)\(whole)." + String(repeating: "0", count: digits - decimals.count) + decimals
    }

    /// Two significant digits of a value below 1.
    static func significant(_ value: Double) -> String {
        let exponent = value == 0 ? 0 : Int(log10(abs(value)).rounded(.down))
        return exponent < -4
            ? short(value / pow(10, Double(exponent)), digits: 1) + "e\(exponent)" : short(value, digits: 1 - exponent)
    }

    /// Bytes in kB or MB of 1000.
    static func bytes(_ count: Int) -> String {
        count < 1_000_000
            ? "\(fixed(Double(count) / 1e3, digits: 1)) kB" : "\(fixed(Double(count) / 1e6, digits: 2)) MB"
    }
}
