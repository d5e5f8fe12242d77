import QTuneGraph
import QTuneTensor

/// A list of strings without those that are stop words, in lower or upper case where that is asked for.
struct StringNormalizer: Operator {
    static let name = "StringNormalizer"
    static let versions = [10]
    private let stopWords: Set<[UInt8]>
    private let isCaseSensitive: Bool
    private let caseChange: CaseChange
    private let letters: LetterCase

    private enum CaseChange: String {
        case lower = "LOWER"
        case upper = "UPPER"
        case none = "NONE"
    }

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let action = try node.string("case_change_action") ?? CaseChange.none.rawValue
        guard let caseChange = CaseChange(rawValue: action) else {
            throw QTuneError(.invalidModel, "attribute 'case_change_action' is '\(action)', not LOWER, UPPER or NONE")
        }
        self.caseChange = caseChange
        let isCaseSensitive = try node.int("is_case_sensitive") ?? 0 != 0
        let letters = LetterCase(locale: try node.string("locale") ?? "en_US")
        self.isCaseSensitive = isCaseSensitive
        self.letters = letters
        stopWords = Set(
            try (node.strings("stopwords") ?? []).map { Self.key($0, isCaseSensitive ? nil : letters) })
    }

    /// The bytes by which strings are compared: characters that only look alike are different.
    private static func key(_ text: String, _ folding: LetterCase?) -> [UInt8] {
        Array((folding?.lower(text) ?? text).utf8)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(.string, nil)] }
        try Self.check(dimensions.map(\.value))
        let count = dimensions[dimensions.count - 1]
        let isKept = stopWords.isEmpty && count.value ?? 0 > 0
        return [.tensor(.string, dimensions.dropLast() + [isKept ? count : .unknown])]
    }

    /// - Parameter lengths: of the axes; nil where one is not known.
    private static func check(_ lengths: [Int?]) throws {
        let isRow = lengths.count == 2 && (lengths[0] ?? 1) == 1
        guard lengths.count == 1 || isRow else {
            throw QTuneError(.invalidInput, "strings of \(lengths.count) axes, not of the shape [count] or [1, count]")
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.stringTensor(0)
        try Self.check(input.shape.dimensions)
        let words = input.strings
            .filter { stopWords.isEmpty || !stopWords.contains(Self.key($0, isCaseSensitive ? nil : letters)) }
            .map(changed)
        // The standard has no empty result: one empty string stands for none.
        let result = words.isEmpty ? [""] : words
        let shape = Shape(Array(input.shape.dimensions.dropLast()) + [result.count])
        return [.tensor(Tensor(strings: result, shape: shape))]
    }

    private func changed(_ text: String) -> String {
        switch caseChange {
        case .lower: letters.lower(text)
        case .upper: letters.upper(text)
        case .none: text
        }
    }
}

/// Small and capital letters as a language has them. Turkic languages write the letter i with and without its dot in
/// both sizes.
private struct LetterCase: Sendable {
    private let isTurkic: Bool

    init(locale: String) {
        let language = locale.prefix { $0 != "_" && $0 != "-" && $0 != "." }
        isTurkic = ["tr", "az"].contains(language.lowercased())
    }

    func lower(_ text: String) -> String {
        isTurkic ? Self.replacing(text, ["I": "ı", "İ": "i"]).lowercased() : text.lowercased()
    }

    func upper(_ text: String) -> String {
        isTurkic ? Self.replacing(text, ["i": "İ"]).uppercased() : text.uppercased()
    }

    private static func replacing(_ text: String, _ letters: [Unicode.Scalar: Unicode.Scalar]) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(letters[scalar] ?? scalar) }
        return String(result)
    }
}
