import QTuneGraph
import QTuneTensor
import Testing

@Suite struct TextOperatorTests {
    private static func strings(_ elements: [String], _ shape: Shape? = nil) -> Tensor {
        Tensor(strings: elements, shape: shape ?? [elements.count])
    }

    private static func text(_ string: String) -> Attribute { .string(Array(string.utf8)) }
    private static func texts(_ strings: [String]) -> Attribute { .strings(strings.map { Array($0.utf8) }) }

    /// Bigrams [5, 4], [7, 8], [6, 7] behind the single words 2, 3, 5, 4.
    private static func grams(_ mode: String, _ shortest: Int64, _ skips: Int64) -> [String: Attribute] {
        [
            "mode": text(mode), "min_gram_length": .int(shortest), "max_gram_length": .int(2),
            "max_skip_count": .int(skips), "ngram_counts": .ints([0, 4]),
            "ngram_indexes": .ints([0, 1, 2, 3, 4, 5, 6]), "pool_int64s": .ints([2, 3, 5, 4, 5, 6, 7, 8, 6, 7]),
            "weights": .floats([1, 1, 2, 1, 0.5, 1, 1]),
        ]
    }

    /// The single words 7 and 8 and the bigrams [7, 8] and [8, 7], which weigh 2, 3, 5 and 7.
    private static func weighted(_ mode: String, _ columns: [Int64]) -> [String: Attribute] {
        [
            "mode": text(mode), "min_gram_length": .int(1), "max_gram_length": .int(2), "max_skip_count": .int(0),
            "ngram_counts": .ints([0, 2]), "ngram_indexes": .ints(columns), "pool_int64s": .ints([7, 8, 7, 8, 8, 7]),
            "weights": .floats([2, 3, 5, 7]),
        ]
    }

    private static let words = ints([1, 1, 3, 3, 3, 7, 8, 6, 7, 5, 6, 8])

    static let cases: [OperatorCase] = [
        OperatorCase(
            "StringConcat", strings(["a", "é"], [2, 1]), strings(["x", "", "z"]),
            gives: strings(["ax", "a", "az", "éx", "é", "éz"], [2, 3])),
        OperatorCase(
            "StringSplit", ["delimiter": text("aa")], [strings(["aaaaa", "b", ""])],
            gives: [strings(["", "", "a", "b", "", "", "", "", ""], [3, 3]), ints([3, 1, 1])]),
        OperatorCase(
            "StringSplit", ["maxsplit": .int(1)], [strings(["  one two  three ", " ", "x"])],
            gives: [strings(["one", "two  three ", "", "", "x", ""], [3, 2]), ints([2, 0, 1])]),
        OperatorCase(
            "StringSplit", ["maxsplit": .int(0), "delimiter": text("-")], [strings(["a-b"], .scalar)],
            gives: [strings(["a-b"], [1]), ints([1], .scalar)]),
        OperatorCase("StringSplit", [:], [strings([], [0])], gives: [strings([], [0, 0]), ints([], [0])]),
        OperatorCase(
            "StringNormalizer", ["stopwords": texts(["Monday"]), "case_change_action": text("UPPER")],
            strings(["monday", "Straße", "MONDAY", "x"], [1, 4]), gives: strings(["STRASSE", "X"], [1, 2])),
        OperatorCase(
            "StringNormalizer", ["stopwords": texts(["monday"]), "is_case_sensitive": .int(1)],
            strings(["monday", "Monday"]), gives: strings(["Monday"])),
        OperatorCase(
            "StringNormalizer", ["stopwords": texts(["a"])], strings(["A"], [1, 1]), gives: strings([""], [1, 1])),
        OperatorCase("TfIdfVectorizer", grams("TF", 1, 0), words, gives: floats([0, 3, 1, 0, 1, 1, 1])),
        // With up to five words left out between two: [5, 6], [7, 8] twice over, [6, 7].
        OperatorCase("TfIdfVectorizer", grams("TF", 2, 5), words, gives: floats([0, 0, 0, 0, 1, 3, 1])),
        OperatorCase("TfIdfVectorizer", grams("IDF", 1, 0), words, gives: floats([0, 1, 2, 0, 0.5, 1, 1])),
        OperatorCase(
            "TfIdfVectorizer", grams("TFIDF", 1, 0), ints([5, 5, 9, 5, 6, 3], [2, 3]),
            gives: floats([0, 0, 4, 0, 0, 0, 0, 0, 1, 2, 0, 0.5, 0, 0], [2, 7])),
        // ONNX Runtime's results: a weight belongs to an n-gram, wherever its column is.
        OperatorCase(
            "TfIdfVectorizer", weighted("TFIDF", [3, 2, 1, 0]), ints([7, 8, 7, 8]), gives: floats([7, 10, 6, 4])),
        OperatorCase(
            "TfIdfVectorizer", weighted("IDF", [0, 1, 5, 3]), ints([7, 8, 7, 8]), gives: floats([2, 3, 0, 7, 0, 5])),
        OperatorCase(
            "TfIdfVectorizer", weighted("TFIDF", [0, 0, 1, 1]), ints([7, 8, 7, 8]), gives: floats([10, 17])),
        OperatorCase("TfIdfVectorizer", weighted("IDF", [0, 0, 1, 1]), ints([7, 8, 7, 8]), gives: floats([3, 5])),
    ]

    @Test(arguments: cases) func matchesTheStandard(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    private func matches(_ pattern: String, _ text: String) throws -> Bool {
        try evaluateNode("RegexFullMatch", ["pattern": Self.text(pattern)], [Self.strings([text], .scalar)])[0]
            .array(of: Bool.self) == [true]
    }

    @Test(arguments: [
        ("", [""], ["a"]), ("abc", ["abc"], ["abcd", "ab"]), ("a|bc|", ["a", "bc", ""], ["b"]),
        ("a*b+c?", ["b", "aabbc"], ["ac"]), ("(ab){2,3}", ["abab", "ababab"], ["ab", "abababab"]),
        ("a{2}", ["aa"], ["a", "aaa"]), ("a{2,}", ["aa", "aaaa"], ["a"]), ("a{,2}", ["a{,2}"], ["aa"]),
        ("(a*)*b", ["b", "aab"], ["a"]), (".", ["é", "😀"], ["\n", ""]), ("(?s).", ["\n"], []),
        ("(?i)straSSe[k-m]", ["STRASSEL"], ["strassen"]), ("a(?i:b)c", ["aBc"], ["ABc"]),
        ("[^a-c-]+", ["xyz"], ["x-z", "b"]), ("[]a]+", ["]a"], ["["]), ("[[:alpha:][:^digit:]]", ["a", "-"], ["1"]),
        (#"\d+\.\D\w\W\s\S"#, ["12.xy- z"], ["12.x"]), (#"[\d\-x]*"#, ["1-x"], ["y"]),
        (#"\x41\x{1F600}\101\n"#, ["A😀A\n"], []), (#"\Qa.b*\E+"#, ["a.b**"], ["axb"]),
        (#"\pL\p{Lu}\P{Nd}"#, ["éÉx"], ["é1x"]), (#"(?P<year>\d{4})-(?<m>\d\d)"#, ["2024-05"], ["2024-5"]),
        (#"\bfoo\b.b\Bar"#, ["foo bar"], ["foo b ar"]), ("^a$", ["a"], ["a\n"]), ("(?m)a$\n^b", ["a\nb"], []),
        (#"\Aab\z"#, ["ab"], ["b"]), ("a+?b*?c??", ["aabc"], ["b"]),
    ]) func expressionsMatchAsRE2Does(_ pattern: String, _ fitting: [String], _ other: [String]) throws {
        for text in fitting { #expect(try matches(pattern, text), "'\(pattern)' does not match '\(text)'") }
        for text in other { #expect(try !matches(pattern, text), "'\(pattern)' matches '\(text)'") }
    }

    @Test(arguments: [
        "(", ")", "a)", "[", "[a", "a**", "*", "a{2}{3}", "a{1001}", "(a{100}){100}", #"\1"#, #"(a)\2"#, "(?=a)",
        "(?<!a)", #"\"#, #"\y"#, "[z-a]", "[[:no:]]", #"\p{Klingon}"#, #"\C"#, "(?P<a", "(?x)a", #"\x{110000}"#,
        "((a{30}){30}|(b{30}){30}|(c{30}){30}){1}\(String(repeating: "(d{30}){30}", count: 40))",
        String(repeating: "(", count: 100_000),
    ]) func wrongExpressionsAreErrors(_ pattern: String) {
        #expect(throws: QTuneError.self) { try matches(pattern, "a") }
    }

    /// An engine that tries one way after another would need 2^30 turns.
    @Test func hostileExpressionsTakeLinearTime() throws {
        let text = String(repeating: "a", count: 30)
        #expect(try !matches("(a*)*(a|aa)*b", text + text))
        #expect(try matches(String(repeating: "a?", count: 30) + String(repeating: "a", count: 30), text))
    }

    @Test func wrongWordsAreErrors() {
        var attributes = Self.grams("TF", 1, 0)
        #expect(throws: QTuneError.self) { try evaluateNode("TfIdfVectorizer", attributes, [Self.strings(["a"])]) }
        attributes["weights"] = .floats([1, 1, 1, 1, 1, 1])
        #expect(throws: QTuneError.self) { try evaluateNode("TfIdfVectorizer", attributes, [Self.words]) }
        attributes["weights"] = nil
        attributes["ngram_counts"] = .ints([0, 11])
        #expect(throws: QTuneError.self) { try evaluateNode("TfIdfVectorizer", attributes, [Self.words]) }
        attributes["ngram_counts"] = .ints([.min, .max])
        #expect(throws: QTuneError.self) { try evaluateNode("TfIdfVectorizer", attributes, [Self.words]) }
        attributes["ngram_indexes"] = .ints([.max])
        #expect(throws: QTuneError.self) { try evaluateNode("TfIdfVectorizer", attributes, [Self.words]) }
        #expect(throws: QTuneError.self) { try evaluateNode("StringConcat", [:], [Self.words, Self.words]) }
        #expect(throws: QTuneError.self) {
            try evaluateNode("StringNormalizer", [:], [Self.strings(["a", "b"], [2, 1])])
        }
    }
}
