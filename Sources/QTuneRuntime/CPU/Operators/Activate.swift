internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// An activation of each element in float32, where it could not become part of the kernel before it.
struct Activate: Operator {
    static let name = "Activate"
    static let domain = "qtune"
    static let versions = [1]

    private let activation: Activation

    /// The activation of `operand` as a node in the place of `node`.
    static func node(_ activation: Activation, _ operand: String, in node: Node) -> Node {
        var made = Node(name, domain: domain, name: node.name, inputs: [operand], outputs: node.outputs)
        ActivationAttributes.write(activation, to: &made)
        return made
    }

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        activation = try ActivationAttributes.read(node)
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.elementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == .float32 else { throw QTuneError(.invalidInput, "\(input.dtype), not float32") }
        let output = try context.makeOutput(0, .float32, input.shape)
        Elementwise.unary(activation.function ?? .affine(scale: 1, offset: 0), input, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}
