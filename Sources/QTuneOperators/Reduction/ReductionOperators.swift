extension OperatorCategories {
    /// Operators that gather what lies along axes.
    static let reduction: [any Operator.Type] = [
        ReduceSum.self, ReduceMean.self, ReduceProd.self, ReduceMax.self, ReduceMin.self,
        ReduceL1.self, ReduceL2.self, ReduceSumSquare.self, ReduceLogSum.self, ReduceLogSumExp.self,
        ArgMax.self, ArgMin.self, CumSum.self, CumProd.self,
    ]
}
