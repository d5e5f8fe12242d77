import QTuneTensor

/// Reads a regular expression in the syntax of RE2.
struct RegularParser {
    private let pattern: [Unicode.Scalar]
    private var place = 0
    private var flags = Flags()
    private var depth = 0

    /// What `(?imsU)` switches.
    private struct Flags {
        var ignoresCase = false
        var isMultiline = false
        var dotTakesNewline = false
    }

    /// Groups inside groups: deeper ones would run out of stack.
    private static let mostDepth = 200
    private static let mostRepetitions = 1000

    init(_ pattern: String) { self.pattern = Array(pattern.unicodeScalars) }

    mutating func parse() throws -> RegularNode {
        let result = try choice()
        guard place == pattern.count else { throw invalid("a ')' that closes nothing") }
        return result
    }

    private var next: Unicode.Scalar? { place < pattern.count ? pattern[place] : nil }

    private mutating func take(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard pattern[place...].starts(with: scalars) else { return false }
        place += scalars.count
        return true
    }

    private func invalid(_ what: String) -> QTuneError {
        QTuneError(.invalidModel, "\(what) at character \(place + 1) of the expression")
    }

    private func unsupported(_ what: String) -> QTuneError {
        QTuneError(.unsupported, "\(what) at character \(place + 1) of the expression")
    }

    private mutating func choice() throws -> RegularNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.mostDepth else { throw unsupported("more than \(Self.mostDepth) groups in groups") }
        var choices = [try sequence()]
        while take("|") { choices.append(try sequence()) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence() throws -> RegularNode {
        var parts: [RegularNode] = []
        while let symbol = next, symbol != "|", symbol != ")" {
            if take(#"\Q"#) {
                parts += quoted()
                if let last = parts.popLast() { parts.append(try repeated(last)) }
                continue
            }
            parts.append(try repeated(try atom()))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    /// The characters up to `\E` or the end, each for itself.
    private mutating func quoted() -> [RegularNode] {
        var parts: [RegularNode] = []
        while let symbol = next, !take(#"\E"#) {
            parts.append(literal(symbol))
            place += 1
        }
        return parts
    }

    private func literal(_ scalar: Unicode.Scalar) -> RegularNode { .set(withCase(ScalarSet(scalar))) }

    private func withCase(_ set: ScalarSet) -> ScalarSet {
        var set = set
        set.ignoresCase = flags.ignoresCase
        return set
    }
}

extension RegularParser {
    /// `part` with the repetition that follows it.
    private mutating func repeated(_ part: RegularNode) throws -> RegularNode {
        guard let (least, most) = try repetition() else { return part }
        // Whether as much or as little as possible is taken makes no difference to a match of the whole.
        _ = take("?")
        let result = RegularNode.repetition(part, least: least, most: most)
        guard result.repetitions <= Self.mostRepetitions else {
            throw invalid("more than \(Self.mostRepetitions) repetitions")
        }
        guard try repetition() == nil else { throw invalid("a repetition of a repetition") }
        return result
    }

    private mutating func repetition() throws -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        let start = place
        guard take("{") else { return nil }
        let least = number()
        var most = least
        if least != nil, take(",") { most = number() }
        guard let least, take("}") else {
            // A brace that starts no repetition stands for itself.
            place = start
            return nil
        }
        guard least <= Self.mostRepetitions, most ?? least <= Self.mostRepetitions, most ?? least >= least else {
            throw invalid("a repetition of \(least) to \(most ?? least) times")
        }
        return (least, most)
    }

    /// A number in decimal digits; those too large to be of use are capped.
    private mutating func number() -> Int? {
        var value: Int?
        while let digit = next, ("0"..."9").contains(digit) {
            value = min((value ?? 0) * 10 + Int(digit.value - 48), 1_000_000)
            place += 1
        }
        return value
    }

    private mutating func atom() throws -> RegularNode {
        guard let symbol = next else { return .empty }
        switch symbol {
        case "*", "+", "?": throw invalid("a repetition of nothing")
        case "(": return try group()
        case "[": return .set(try bracket())
        case "\\": return try escape()
        default: place += 1
        }
        switch symbol {
        case ".": return .set(flags.dotTakesNewline ? .all : .allButNewline)
        case "^": return .assertion(flags.isMultiline ? .lineStart : .textStart)
        case "$": return .assertion(flags.isMultiline ? .lineEnd : .textEnd)
        default: return literal(symbol)
        }
    }

    private mutating func group() throws -> RegularNode {
        place += 1
        let outer = flags
        if take("?") {
            for (sign, what) in [
                "=": "looking ahead", "!": "looking ahead", "<=": "looking back", "<!": "looking back",
            ]
            where take(sign) {
                throw unsupported("\(what), which RE2 has not either,")
            }
            if take("P<") || take("<") {
                try skipName()
            } else if try setFlags() {
                return .empty
            }
        }
        let inner = try choice()
        guard take(")") else { throw invalid("a '(' without ')'") }
        flags = outer
        return inner
    }

    private mutating func skipName() throws {
        let start = place
        while let symbol = next, ScalarSet.word.contains(symbol) { place += 1 }
        guard place > start, take(">") else { throw invalid("a group's name") }
    }

    /// Reads flags up to `:`, which start a group, or to `)`, which set them for the rest of the group around.
    /// - Returns: whether the parenthesis is closed.
    private mutating func setFlags() throws -> Bool {
        var value = true
        while let symbol = next {
            place += 1
            switch symbol {
            case "i": flags.ignoresCase = value
            case "m": flags.isMultiline = value
            case "s": flags.dotTakesNewline = value
            case "U": break
            case "-" where value: value = false
            case ":": return false
            case ")": return true
            default: throw invalid("the flag '\(symbol)'")
            }
        }
        throw invalid("a '(' without ')'")
    }
}

extension RegularParser {
    /// What a backslash starts, outside of brackets.
    private mutating func escape() throws -> RegularNode {
        for (text, assertion) in [
            (#"\A"#, RegularAssertion.textStart), (#"\z"#, .textEnd), (#"\b"#, .wordBoundary),
            (#"\B"#, .noWordBoundary),
        ] where take(text) {
            return .assertion(assertion)
        }
        if take(#"\C"#) { throw unsupported(#"'\C', a single byte,"#) }
        if let set = try characterClass() { return .set(withCase(set)) }
        return literal(try escapedCharacter())
    }

    /// A class that a backslash names, or nil where it names none.
    private mutating func characterClass() throws -> ScalarSet? {
        let classes: [(String, ScalarSet)] = [("d", .digit), ("s", .space), ("w", .word)]
        for (letter, set) in classes {
            if take(#"\"# + letter) { return set }
            if take(#"\"# + letter.uppercased()) { return Self.negated(set) }
        }
        let isOpposite = pattern[place...].starts(with: #"\P"#.unicodeScalars)
        guard isOpposite || pattern[place...].starts(with: #"\p"#.unicodeScalars) else { return nil }
        place += 2
        var name = ""
        if take("{") {
            while let symbol = next, symbol != "}" {
                name.unicodeScalars.append(symbol)
                place += 1
            }
            guard take("}") else { throw invalid("a '{' without '}'") }
        } else if let symbol = next {
            name = String(symbol)
            place += 1
        }
        let isNegatedName = name.hasPrefix("^")
        guard let set = ScalarSet(category: String(name.drop { $0 == "^" })) else {
            throw unsupported("the class of characters '\(name)', which is no general category of Unicode,")
        }
        return isOpposite != isNegatedName ? Self.negated(set) : set
    }

    private static func negated(_ set: ScalarSet) -> ScalarSet {
        var set = set
        set.isNegated.toggle()
        return set
    }

    /// The one character that a backslash and what follows it stand for.
    private mutating func escapedCharacter() throws -> Unicode.Scalar {
        place += 1
        guard let symbol = next else { throw invalid("a '\\' in front of nothing") }
        place += 1
        switch symbol {
        case "a": return "\u{7}"
        case "f": return "\u{C}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "v": return "\u{B}"
        case "x": return try hexadecimal()
        case "0"..."7": return try octal(symbol)
        default:
            guard symbol.isASCII, !ScalarSet.word.contains(symbol) || symbol == "_" else {
                throw invalid("the escape '\\\(symbol)'")
            }
            return symbol
        }
    }

    /// `\x7F` or `\x{10FFFF}`.
    private mutating func hexadecimal() throws -> Unicode.Scalar {
        let isBraced = take("{")
        var digits = ""
        while let symbol = next, digits.count < (isBraced ? 8 : 2), Int(String(symbol), radix: 16) != nil {
            digits.unicodeScalars.append(symbol)
            place += 1
        }
        guard isBraced ? take("}") : digits.count == 2, let value = UInt32(digits, radix: 16),
            let scalar = Unicode.Scalar(value)
        else { throw invalid("a character's number") }
        return scalar
    }

    /// Up to three octal digits; a single one but 0 would refer back to a group.
    private mutating func octal(_ first: Unicode.Scalar) throws -> Unicode.Scalar {
        var digits = String(first)
        while let symbol = next, digits.count < 3, ("0"..."7").contains(symbol) {
            digits.unicodeScalars.append(symbol)
            place += 1
        }
        guard first == "0" || digits.count > 1 else {
            throw unsupported("a reference back to a group, which RE2 has not either,")
        }
        guard let value = UInt32(digits, radix: 8), let scalar = Unicode.Scalar(value) else {
            throw invalid("a character's number")
        }
        return scalar
    }

    /// `[...]`, the opening bracket in front.
    private mutating func bracket() throws -> ScalarSet {
        place += 1
        var set = withCase(ScalarSet())
        set.isNegated = take("^")
        var isFirst = true
        while let symbol = next, symbol != "]" || isFirst {
            isFirst = false
            if take("[:") {
                set.insert(try namedClass())
            } else if symbol == "\\", let inner = try characterClass() {
                set.insert(inner)
            } else {
                let low = try bracketCharacter()
                guard next == "-", place + 1 < pattern.count, pattern[place + 1] != "]" else {
                    set.insert(low.value...low.value)
                    continue
                }
                place += 1
                let high = try bracketCharacter()
                guard low <= high else { throw invalid("a range that runs backward") }
                set.insert(low.value...high.value)
            }
        }
        guard take("]") else { throw invalid("a '[' without ']'") }
        return set
    }

    private mutating func bracketCharacter() throws -> Unicode.Scalar {
        guard let symbol = next else { throw invalid("a '[' without ']'") }
        if symbol == "\\" { return try escapedCharacter() }
        place += 1
        return symbol
    }

    /// `[:name:]` or `[:^name:]`, what comes behind `[:`.
    private mutating func namedClass() throws -> ScalarSet {
        let isNegated = take("^")
        var name = ""
        while let symbol = next, symbol != ":" {
            name.unicodeScalars.append(symbol)
            place += 1
        }
        guard take(":]"), let set = ScalarSet(named: name) else { throw invalid("the class '[:\(name):]'") }
        return isNegated ? Self.negated(set) : set
    }
}
