import Foundation
import QTuneGraph
import QTuneTensor

/// A list of strings without those that are stop words, in lower or upper case where that is asked for.
struct StringNormalizer: Operator {
    static let name = "StringNormalizer"
    static let versions = [10]
    private let stopWords: Set<[UInt8]>
    private let isCaseSensitive: Bool
    private let caseChange: CaseChange
    private let locale: Locale

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
        let locale = Locale(identifier: try node.string("locale") ?? "en_US")
        self.isCaseSensitive = isCaseSensitive
        self.locale = locale
        stopWords = Set(
            try (node.strings("stopwords") ?? []).map { Self.key($0, isCaseSensitive ? nil : locale) })
    }

    /// The bytes by which strings are compared: characters that only look alike are different.
    private static func key(_ text: String, _ folding: Locale?) -> [UInt8] {
        Array((folding.map { text.lowercased(with: $0) } ?? text).utf8)
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
            .filter { stopWords.isEmpty || !stopWords.contains(Self.key($0, isCaseSensitive ? nil : locale)) }
            .map(changed)
        // The standard has no empty result: one empty string stands for none.
        let result = words.isEmpty ? [""] : words
        let shape = Shape(Array(input.shape.dimensions.dropLast()) + [result.count])
        return [.tensor(Tensor(strings: result, shape: shape))]
    }

    private func changed(_ text: String) -> String {
        switch caseChange {
        case .lower: text.lowercased(with: locale)
        case .upper: text.uppercased(with: locale)
        case .none: text
        }
    }
}
