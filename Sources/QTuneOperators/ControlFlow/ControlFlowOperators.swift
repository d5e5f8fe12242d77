extension OperatorCategories {
    /// Operators that run sub-graphs, and those on sequences and optional values.
    static let controlFlow: [any Operator.Type] = [
        If.self, Loop.self, Scan.self, SequenceMap.self,
        SequenceEmpty.self, SequenceConstruct.self, SequenceInsert.self, SequenceErase.self, SequenceAt.self,
        SequenceLength.self, SplitToSequence.self, ConcatFromSequence.self,
        OptionalOperator.self, OptionalHasElement.self, OptionalGetElement.self,
    ]
}
