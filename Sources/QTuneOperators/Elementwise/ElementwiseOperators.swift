extension OperatorCategories {
    /// Operators that work on each element alone.
    static let elementwise: [any Operator.Type] = [
        Abs.self, Neg.self, Sign.self, Reciprocal.self, Sqrt.self, Exp.self, Log.self, Erf.self,
        Floor.self, Ceil.self, Round.self,
        Sin.self, Cos.self, Tan.self, Asin.self, Acos.self, Atan.self,
        Sinh.self, Cosh.self, Tanh.self, Asinh.self, Acosh.self, Atanh.self,
        Relu.self, LeakyRelu.self, ThresholdedRelu.self, PRelu.self, Elu.self, Selu.self, Celu.self,
        Sigmoid.self, HardSigmoid.self, HardSwish.self, Softplus.self, Softsign.self, Mish.self, Gelu.self, Swish.self,
        SwiGLU.self,
        Shrink.self, Clip.self,
        Add.self, Sub.self, Mul.self, Div.self, Mod.self, Pow.self,
        Sum.self, Mean.self, Max.self, Min.self,
    ]
}
