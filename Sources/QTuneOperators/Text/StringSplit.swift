import QTuneGraph
import QTuneTensor

/// Strings cut at a delimiter, or at white space; the parts stand along a new last axis, with empty strings behind
/// where there are fewer. The second result counts the parts.
struct StringSplit: Operator {
    static let name = "StringSplit"
    static let versions = [20]
    /// nil for runs of white space.
    private let delimiter: [UInt8]?
    private let mostCuts: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...2)
        let text = try node.string("delimiter") ?? ""
        delimiter = text.isEmpty ? nil : Array(text.utf8)
        let cuts = try node.int("maxsplit") ?? -1
        mostCuts = cuts < 0 ? .max : cuts
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = context[0].dimensions
        return [.tensor(.string, dimensions.map { $0 + [.unknown] }), .tensor(.int64, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.stringTensor(0)
        let parts = input.strings.map { text in
            delimiter.map { split(Array(text.utf8), at: $0) } ?? splitAtSpace(text)
        }
        let width = parts.map(\.count).max() ?? 0
        let shape = try checkedShape(input.shape.dimensions + [width], operand: "the result's shape")
        try EvaluationContext.checkStrings(shape)
        let padded = parts.flatMap { $0 + [String](repeating: "", count: width - $0.count) }
        let counts = Tensor(parts.map { Int64($0.count) }, shape: input.shape)
        return [.tensor(Tensor(strings: padded, shape: shape)), .tensor(counts)]
    }

    private func split(_ text: [UInt8], at delimiter: [UInt8]) -> [String] {
        var parts: [String] = []
        var start = 0
        for end in Self.places(of: delimiter, in: text, most: mostCuts) {
            parts.append(String(decoding: text[start..<end], as: UTF8.self))
            start = end + delimiter.count
        }
        return parts + [String(decoding: text[start...], as: UTF8.self)]
    }

    /// Where `pattern` starts in `text`, without overlaps, found in time linear in both (Knuth, Morris, Pratt).
    private static func places(of pattern: [UInt8], in text: [UInt8], most: Int) -> [Int] {
        // For each length of a prefix, that of the longest shorter prefix which ends it.
        var borders = [0]
        var matched = 0
        for byte in pattern.dropFirst() {
            while matched > 0, pattern[matched] != byte { matched = borders[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            borders.append(matched)
        }
        var places: [Int] = []
        matched = 0
        for (index, byte) in text.enumerated() where places.count < most {
            while matched > 0, pattern[matched] != byte { matched = borders[matched - 1] }
            if pattern[matched] == byte { matched += 1 }
            if matched == pattern.count {
                places.append(index + 1 - matched)
                matched = 0
            }
        }
        return places
    }

    /// The words between runs of white space; behind the last cut that is allowed, the rest as it is.
    private func splitAtSpace(_ text: String) -> [String] {
        var parts: [String] = []
        var rest = text.unicodeScalars.drop(while: Self.isSpace)
        while !rest.isEmpty {
            guard parts.count < mostCuts else { return parts + [String(rest)] }
            let word = rest.prefix { !Self.isSpace($0) }
            parts.append(String(word))
            rest = rest[word.endIndex...].drop(while: Self.isSpace)
        }
        return parts
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        // The separators of files, groups, records and units count too.
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}
