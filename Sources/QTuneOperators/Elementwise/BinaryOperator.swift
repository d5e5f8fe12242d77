import QTuneGraph
import QTuneKernels
import QTuneTensor

/// What an operator of two operands does to each pair of elements.
struct BinaryFunction: Sendable {
    var real: (@Sendable (Double, Double) -> Double)?
    var signed: (@Sendable (Int64, Int64) -> Int64)?
    var unsigned: (@Sendable (UInt64, UInt64) -> UInt64)?
    /// The kernel of the same function on float32, where there is one.
    var kernel: Elementwise.Binary?
    /// The kernel of the same function on int64 and int32, where there is one.
    var integerKernel: Elements.Pair?

    init(
        _ real: (@Sendable (Double, Double) -> Double)?, signed: (@Sendable (Int64, Int64) -> Int64)? = nil,
        unsigned: (@Sendable (UInt64, UInt64) -> UInt64)? = nil, kernel: Elementwise.Binary? = nil,
        integerKernel: Elements.Pair? = nil
    ) {
        self.kernel = kernel
        self.integerKernel = integerKernel
        self.real = real
        self.signed = signed
        self.unsigned = unsigned
    }

    /// Writes the function of `a` and `b`, both broadcast to the shape of `output`, whose type they have.
    func apply(_ a: Tensor, _ b: Tensor, into output: Tensor, pool: ThreadPool) throws {
        if let kernel, output.dtype == .float32 {
            Elementwise.binary(kernel, a, b, into: output, pool: pool)
            return
        }
        if let integerKernel, Elements.combine(integerKernel, a, b, into: output, pool: pool) { return }
        let lane = try Lane.of(output)
        let (a, b) = (a.widened(to: lane), b.widened(to: lane))
        switch lane {
        case .real:
            guard let real else { throw unsupported(output.dtype) }
            output.fill(from: lane) { Broadcasting.combine(a, b, into: $0, real) }
        case .signed:
            guard let signed else { throw unsupported(output.dtype) }
            output.fill(from: lane) { Broadcasting.combine(a, b, into: $0, signed) }
        case .unsigned:
            guard let unsigned else { throw unsupported(output.dtype) }
            output.fill(from: lane) { Broadcasting.combine(a, b, into: $0, unsigned) }
        }
    }

    private func unsupported(_ dtype: DType) -> QTuneError {
        QTuneError(.unsupported, "elements of type \(dtype) are not supported here")
    }
}

/// An operator that computes each element of its result from the elements of two operands at the same place, with
/// broadcasting. Both operands and the result are of one type.
protocol BinaryOperator: Operator {
    var function: BinaryFunction { get }
    /// What the operator does to lengths that are elements of a type.
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension
    /// Checks what the function relies on.
    func validate(_ a: Tensor, _ b: Tensor) throws
}

extension BinaryOperator {
    static func combine(_ a: Dimension, _ b: Dimension, _ dtype: DType?) -> Dimension { .unknown }

    func validate(_ a: Tensor, _ b: Tensor) throws {}

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (a, b) = (context[0], context[1])
        let dtype = a.dtype ?? b.dtype
        var result = InferredValue.tensor(dtype, try Broadcasting.dimensions(of: [a, b]))
        result.elements = DimensionArithmetic.combine(a, b) { Self.combine($0, $1, dtype) }
        return [result]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        try requireSameType(a, b)
        try validate(a, b)
        let output = try context.makeOutput(0, a.dtype, Broadcasting.shape(of: [a.shape, b.shape]))
        try function.apply(a, b, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0, 1] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        function.kernel != nil && inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.elementwise : nil
    }
}

/// A binary operator without attributes.
protocol PlainBinaryOperator: BinaryOperator {
    init()
}

extension PlainBinaryOperator {
    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        self.init()
    }
}

/// Checks that two operands are of one type.
func requireSameType(_ a: Tensor, _ b: Tensor) throws {
    guard a.dtype == b.dtype else {
        throw QTuneError(.invalidInput, "operands are of different types, \(a.dtype) and \(b.dtype)")
    }
}

/// Checks that an integer divisor has no zeros.
func requireDivisible(by divisor: Tensor) throws {
    guard !divisor.dtype.isFloatingPoint, divisor.withBytes({ $0.indices.isEmpty }) == false else { return }
    let lane = try Lane.of(divisor)
    let hasZero =
        lane == .unsigned
        ? divisor.array(of: UInt64.self).contains(0)
        : divisor.widened(to: .signed).array(of: Int64.self).contains(0)
    if hasZero { throw QTuneError(.invalidInput, "an integer is divided by zero") }
}
