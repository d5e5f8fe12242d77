extension OperatorCategories {
    /// Operators on strings.
    static let text: [any Operator.Type] = [
        StringConcat.self, StringSplit.self, StringNormalizer.self, RegexFullMatch.self, TfIdfVectorizer.self,
    ]
}
