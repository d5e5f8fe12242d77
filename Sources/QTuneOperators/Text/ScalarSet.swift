/// A set of characters (Unicode scalars).
struct ScalarSet: Sendable {
    private var ranges: [ClosedRange<UInt32>] = []
    private var parts: [Part] = []
    var isNegated = false
    /// Whether a character stands for the other letter cases of itself too.
    var ignoresCase = false

    private enum Part: Sendable {
        case set(ScalarSet)
        /// Characters of a general category, named as Unicode does: `L`, `Lu`.
        case category(String)
    }

    init(_ ranges: [ClosedRange<UInt32>] = []) { self.ranges = ranges }

    init(_ scalar: Unicode.Scalar) { self.init([scalar.value...scalar.value]) }

    static let all = ScalarSet([0...0x10FFFF])
    static let allButNewline = ScalarSet([0...9, 11...0x10FFFF])
    static let digit = ScalarSet([0x30...0x39])
    static let space = ScalarSet([9...10, 12...13, 32...32])
    static let word = ScalarSet([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A])

    /// The ASCII class of that name in `[[:name:]]`.
    init?(named name: String) {
        switch name {
        case "alnum": self.init([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
        case "alpha": self.init([0x41...0x5A, 0x61...0x7A])
        case "ascii": self.init([0...0x7F])
        case "blank": self.init([9...9, 32...32])
        case "cntrl": self.init([0...31, 127...127])
        case "digit": self = .digit
        case "graph": self.init([33...126])
        case "lower": self.init([0x61...0x7A])
        case "print": self.init([32...126])
        case "punct": self.init([33...47, 58...64, 91...96, 123...126])
        case "space": self.init([9...13, 32...32])
        case "upper": self.init([0x41...0x5A])
        case "word": self = .word
        case "xdigit": self.init([0x30...0x39, 0x41...0x46, 0x61...0x66])
        default: return nil
        }
    }

    /// The characters of a general category; nil where Unicode has none of that name.
    init?(category: String) {
        if category == "Any" {
            self = .all
            return
        }
        guard ScalarSet.categories.contains(category) else { return nil }
        parts = [.category(category)]
    }

    private static let categories: Set<String> = [
        "C", "Cc", "Cf", "Co", "Cs", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd", "Nl", "No",
        "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z", "Zl", "Zp", "Zs",
    ]

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges.append(range) }

    mutating func insert(_ set: ScalarSet) { parts.append(.set(set)) }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let isMember =
            holds(scalar) || ignoresCase && Self.otherCases(scalar).contains { holds($0) }
        return isMember != isNegated
    }

    private func holds(_ scalar: Unicode.Scalar) -> Bool {
        ranges.contains { $0.contains(scalar.value) }
            || parts.contains { part in
                switch part {
                case .set(let set): set.contains(scalar)
                case .category(let name): scalar.properties.generalCategory.shortName.hasPrefix(name)
                }
            }
    }

    private static func otherCases(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping].compactMap { mapping in
            mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first : nil
        }
    }
}

extension Unicode.GeneralCategory {
    /// The name in two letters.
    fileprivate var shortName: String {
        switch self {
        case .uppercaseLetter: "Lu"
        case .lowercaseLetter: "Ll"
        case .titlecaseLetter: "Lt"
        case .modifierLetter: "Lm"
        case .otherLetter: "Lo"
        case .nonspacingMark: "Mn"
        case .spacingMark: "Mc"
        case .enclosingMark: "Me"
        case .decimalNumber: "Nd"
        case .letterNumber: "Nl"
        case .otherNumber: "No"
        case .connectorPunctuation: "Pc"
        case .dashPunctuation: "Pd"
        case .openPunctuation: "Ps"
        case .closePunctuation: "Pe"
        case .initialPunctuation: "Pi"
        case .finalPunctuation: "Pf"
        case .otherPunctuation: "Po"
        case .mathSymbol: "Sm"
        case .currencySymbol: "Sc"
        case .modifierSymbol: "Sk"
        case .otherSymbol: "So"
        case .spaceSeparator: "Zs"
        case .lineSeparator: "Zl"
        case .paragraphSeparator: "Zp"
        case .control: "Cc"
        case .format: "Cf"
        case .surrogate: "Cs"
        case .privateUse: "Co"
        case .unassigned: "Cn"
        @unknown default: "Cn"
        }
    }
}
