extension OperatorCategories {
    /// Operators on truth values and bits, and comparisons.
    static let logic: [any Operator.Type] = [
        Equal.self, Greater.self, GreaterOrEqual.self, Less.self, LessOrEqual.self, IsNaN.self, IsInf.self,
        And.self, Or.self, Xor.self, Not.self, Where.self,
        BitwiseAnd.self, BitwiseOr.self, BitwiseXor.self, BitwiseNot.self, BitShift.self,
    ]
}
