/// A parsed regular expression.
indirect enum RegularNode: Sendable {
    case empty
    case set(ScalarSet)
    case assertion(RegularAssertion)
    case sequence([RegularNode])
    case choice([RegularNode])
    /// At least `least` times and at most `most`; without `most`, any number of times.
    case repetition(RegularNode, least: Int, most: Int?)

    /// How often the innermost part is repeated by counted repetitions at most.
    var repetitions: Int {
        switch self {
        case .empty, .set, .assertion: 1
        case .sequence(let parts), .choice(let parts): parts.map(\.repetitions).max() ?? 1
        case .repetition(let part, let least, let most): max(1, most ?? least) * part.repetitions
        }
    }
}

/// What must hold between two characters.
enum RegularAssertion: Sendable {
    case textStart
    case textEnd
    case lineStart
    case lineEnd
    case wordBoundary
    case noWordBoundary

    func holds(at place: Int, in text: [Unicode.Scalar]) -> Bool {
        switch self {
        case .textStart: place == 0
        case .textEnd: place == text.count
        case .lineStart: place == 0 || text[place - 1] == "\n"
        case .lineEnd: place == text.count || text[place] == "\n"
        case .wordBoundary: Self.isBoundary(place, text)
        case .noWordBoundary: !Self.isBoundary(place, text)
        }
    }

    private static func isBoundary(_ place: Int, _ text: [Unicode.Scalar]) -> Bool {
        let isWordBefore = place > 0 && ScalarSet.word.contains(text[place - 1])
        let isWordBehind = place < text.count && ScalarSet.word.contains(text[place])
        return isWordBefore != isWordBehind
    }
}
