import QTuneKernels
import QTuneTensor

/// What an operator of one operand does to each element.
struct UnaryFunction: Sendable {
    /// On real numbers; nil where the operator takes integers only.
    var real: (@Sendable (Double) -> Double)?
    /// On integers of every width but uint64; nil where the operator does not take them.
    var signed: (@Sendable (Int64) -> Int64)?
    /// On uint64.
    var unsigned: (@Sendable (UInt64) -> UInt64)?
    /// The kernel of the same function on float32, where there is one.
    var kernel: Elementwise.Unary?

    init(
        _ real: (@Sendable (Double) -> Double)?, signed: (@Sendable (Int64) -> Int64)? = nil,
        unsigned: (@Sendable (UInt64) -> UInt64)? = nil, kernel: Elementwise.Unary? = nil
    ) {
        self.real = real
        self.signed = signed
        self.unsigned = unsigned
        self.kernel = kernel
    }

    /// A function of real numbers that float32 has a kernel for.
    init(kernel: Elementwise.Unary, _ real: @escaping @Sendable (Double) -> Double) {
        self.init(real, kernel: kernel)
    }

    /// Writes the function of each element of `input` to `output`, which has the same type and shape.
    func apply(to input: Tensor, into output: Tensor, pool: ThreadPool) throws {
        if let kernel, input.dtype == .float32 {
            Elementwise.unary(kernel, input, into: output, pool: pool)
            return
        }
        let lane = try Lane.of(input)
        let wide = input.widened(to: lane)
        switch lane {
        case .real:
            guard let real else { throw unsupported(input.dtype) }
            output.fill(from: lane) { ElementConversion.map(wide, $0, real) }
        case .signed:
            guard let signed else { throw unsupported(input.dtype) }
            output.fill(from: lane) { ElementConversion.map(wide, $0, signed) }
        case .unsigned:
            guard let unsigned else { throw unsupported(input.dtype) }
            output.fill(from: lane) { ElementConversion.map(wide, $0, unsigned) }
        }
    }

    private func unsupported(_ dtype: DType) -> QTuneError {
        QTuneError(.unsupported, "elements of type \(dtype) are not supported here")
    }
}

/// An operator that computes each element of its result from the one element of its operand at the same place.
protocol UnaryOperator: Operator {
    var function: UnaryFunction { get }
}

extension UnaryOperator {
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [InferredValue(type: context[0].type)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let output = try context.makeOutput(0, input.dtype, input.shape)
        try function.apply(to: input, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        function.kernel != nil && inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.elementwise : nil
    }
}

/// A unary operator without attributes.
protocol PlainUnaryOperator: UnaryOperator {
    init()
}

extension PlainUnaryOperator {
    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        self.init()
    }
}
