import QTuneGraph

/// A length as a polynomial with integer coefficients in named lengths: `2*batch*sequence + 1`.
///
/// Its text is a name like any other: equal lengths have equal texts, because terms and factors have a fixed order. A
/// name that is not such a text is one factor, and so is a call like `min(sequence, 512)`.
struct LengthPolynomial: Equatable {
    /// The coefficient of each product of names, none of them 0. Names are sorted; the constant's product is empty.
    private var terms: [[String]: Int]

    /// Larger ones are not worth following.
    private static let largestTermCount = 8

    private init?(terms: [[String]: Int]) {
        self.terms = terms.filter { $0.value != 0 }
        guard self.terms.count <= Self.largestTermCount else { return nil }
    }

    /// nil where nothing is known of the length.
    init?(_ dimension: Dimension) {
        switch dimension {
        case .fixed(let value): self.init(terms: [[]: value])
        case .symbolic(let name):
            if let parsed = Self.parse(name), parsed.text == name {
                self = parsed
            } else {
                self.init(terms: [[name]: 1])
            }
        case .unknown: return nil
        }
    }

    var dimension: Dimension {
        if terms.isEmpty { return .fixed(0) }
        if terms.count == 1, let constant = terms[[]] { return .fixed(constant) }
        let names = terms.keys.joined()
        guard names.count <= Self.longestName else { return .unknown }
        if terms.count == 1, let name = names.first, terms == [[name]: 1] { return .symbolic(name) }
        return Self.named(text)
    }

    /// A length of that name; longer names are not worth following, as arithmetic on them might double them each time.
    static func named(_ name: String) -> Dimension { name.utf8.count > longestName ? .unknown : .symbolic(name) }

    /// In bytes.
    private static let longestName = 256

    /// Whether the length cannot be negative, whatever the named lengths are.
    var isNonnegative: Bool { terms.values.allSatisfy { $0 > 0 } }
}

extension LengthPolynomial {
    /// nil where numbers become too large.
    func adding(_ other: Self, times factor: Int = 1) -> Self? {
        var sum = terms
        for (names, coefficient) in other.terms {
            let (scaled, overflow) = coefficient.multipliedReportingOverflow(by: factor)
            let (value, tooLarge) = sum[names, default: 0].addingReportingOverflow(scaled)
            if overflow || tooLarge { return nil }
            sum[names] = value
        }
        return Self(terms: sum)
    }

    /// nil where numbers become too large.
    func multiplied(by other: Self) -> Self? {
        var product: [[String]: Int] = [:]
        for (names, coefficient) in terms {
            for (moreNames, factor) in other.terms {
                let (scaled, overflow) = coefficient.multipliedReportingOverflow(by: factor)
                let all = (names + moreNames).sorted()
                let (value, tooLarge) = product[all, default: 0].addingReportingOverflow(scaled)
                if overflow || tooLarge { return nil }
                product[all] = value
            }
        }
        return Self(terms: product)
    }

    /// nil where the division leaves a rest, or is by a sum.
    func divided(by divisor: Self) -> Self? {
        guard divisor.terms.count == 1, let (names, factor) = divisor.terms.first, factor > 0 else { return nil }
        var quotient: [[String]: Int] = [:]
        for (product, coefficient) in terms {
            var left = product
            for name in names {
                guard let index = left.firstIndex(of: name) else { return nil }
                left.remove(at: index)
            }
            guard coefficient % factor == 0 else { return nil }
            quotient[left] = coefficient / factor
        }
        return Self(terms: quotient)
    }
}

extension LengthPolynomial {
    /// Terms in the order of their names, the constant last.
    var text: String {
        let ordered = terms.sorted { a, b in
            a.key.isEmpty || b.key.isEmpty ? b.key.isEmpty && !a.key.isEmpty : a.key.lexicographicallyPrecedes(b.key)
        }
        return ordered.enumerated().reduce(into: "") { text, entry in
            let (index, (names, coefficient)) = entry
            let isNegative = coefficient < 0
            if index > 0 { text += isNegative ? " - " : " + " } else if isNegative { text += "-" }
            let size = coefficient.magnitude
            let factors = names.isEmpty || size != 1 ? ["\(size)"] + names : names
            text += factors.joined(separator: "*")
        }
    }

    /// The polynomial that `text` may be the text of.
    private static func parse(_ text: String) -> Self? {
        guard text.contains(where: { "*+- ".contains($0) }), text.utf8.count <= 1000 else { return nil }
        var sum: Self? = Self(terms: [:])
        var sign = 1
        var rest = Substring(text)
        if rest.first == "-" {
            sign = -1
            rest = rest.dropFirst()
        }
        for part in split(rest, separators: [" + ", " - "]) {
            sum = term(part.text).flatMap { sum?.adding($0, times: sign) }
            sign = part.separator == " - " ? -1 : 1
        }
        return sum
    }

    private static func term(_ text: Substring) -> Self? {
        var product: Self? = Self(terms: [[]: 1])
        for part in split(text, separators: ["*"]) {
            guard !part.text.isEmpty else { return nil }
            let factor = Int(part.text).flatMap { Self(terms: [[]: $0]) } ?? Self(terms: [[String(part.text)]: 1])
            product = factor.flatMap { product?.multiplied(by: $0) }
        }
        return product
    }

    /// The parts of `text` between separators outside of parentheses, each with the separator after it.
    private static func split(
        _ text: Substring, separators: [String]
    ) -> [(text: Substring, separator: String?)] {
        var parts: [(Substring, String?)] = []
        var depth = 0
        var start = text.startIndex
        var position = text.startIndex
        while position < text.endIndex {
            if depth == 0, let separator = separators.first(where: { text[position...].hasPrefix($0) }) {
                parts.append((text[start..<position], separator))
                position = text.index(position, offsetBy: separator.count)
                start = position
                continue
            }
            if text[position] == "(" { depth += 1 } else if text[position] == ")" { depth -= 1 }
            position = text.index(after: position)
        }
        return parts + [(text[start...], nil)]
    }
}
