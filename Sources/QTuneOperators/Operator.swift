internal import QTuneGraph
package import QTuneKernels
package import QTuneTensor

/// An operator as one node uses it: attributes decoded and validated, ready to infer types and to evaluate.
///
/// One file an operator, which reads top to bottom: attributes, inference, evaluation. The engine asks an operator for
/// its capabilities and never looks at its name. Optional pieces have defaults; without them an operator is slower,
/// never wrong.
package protocol Operator: Sendable {
    /// The operator's name in its domain.
    static var name: String { get }
    /// Empty for the standard's own operators.
    static var domain: String { get }
    /// The operator-set versions at which the operator's meaning changed, ascending, as far as this type covers them.
    /// Nodes of older sets than the first are not supported.
    static var versions: [Int] { get }

    /// Decodes and validates what the node says. Throws where the node breaks the standard, or asks for what this type
    /// does not do (`QTuneError.Code.unsupported`).
    init(_ node: NodeReader) throws

    /// What is known of the outputs, from what is known of the inputs. Says nil where nothing is known. Throws only
    /// where the inputs cannot be right.
    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue]

    /// Computes the outputs, in order.
    func evaluate(_ context: EvaluationContext) throws -> [Value]

    /// The evaluation of values that lie in the same memory in every run; nil where the operator has no quicker one than
    /// `evaluate`. Values of these types and shapes were evaluated before.
    func bound(_ values: BoundValues) -> (any BoundCall)?

    /// The operator with constant operands packed for its kernels, or nil where there is nothing to pack.
    /// Called once, before the first evaluation, with the operands that are constant.
    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)?

    /// Inputs over which the first output may be written when nobody else needs them and type and size agree.
    var inPlaceInputs: [Int] { get }

    /// Whether the only result, where the operator asks no memory for it, is the first operand's elements, in their
    /// place, under a shape that inference tells.
    var isView: Bool { get }

    /// What an evaluation asked of the processor, for a profile; nil where it is to read and write its values once.
    func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork?

    /// The kernels that serve an evaluation of `inputs` where memory sets the pace; nil where there are none.
    func kernelFamily(_ inputs: [Value?]) -> KernelFamily?

    /// Whether equal inputs always give equal outputs; random numbers do not.
    var isDeterministic: Bool { get }
}

extension Operator {
    package static var domain: String { "" }
    package func bound(_ values: BoundValues) -> (any BoundCall)? { nil }
    package func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? { nil }
    package var inPlaceInputs: [Int] { [] }
    package func work(_ inputs: [Value?], _ outputs: [Value]) -> KernelWork? { nil }

    package func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { nil }
    package var isView: Bool { false }
    package var isDeterministic: Bool { true }
}
