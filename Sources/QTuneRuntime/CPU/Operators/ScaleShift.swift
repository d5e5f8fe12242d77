internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// `x * factor + offset` in float32, and an activation. Factors and offsets are one number for each place of one axis, or
/// one in all, in the shape that broadcasts so.
struct ScaleShift: Operator {
    static let name = "ScaleShift"
    static let domain = "qtune"
    static let versions = [1]

    private let activation: Activation

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        activation = try ActivationAttributes.read(node)
    }

    /// The axis of a value of `rank` axes that a constant of `shape` broadcasts along alone: the last for one number, nil
    /// where there is none.
    static func axis(of shape: Shape, rank: Int) -> Int? {
        guard shape.rank <= rank, rank > 0 else { return nil }
        let long = shape.dimensions.indices.filter { shape[$0] != 1 }
        guard long.count <= 1 else { return nil }
        return long.first.map { rank - shape.rank + $0 } ?? rank - 1
    }

    func inferOutputs(_ context: InferenceContext) -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? { KernelCatalog.elementwise }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, factors, offsets) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        guard [input, factors, offsets].allSatisfy({ $0.dtype == .float32 }), factors.shape == offsets.shape,
            let axis = Self.axis(of: factors.shape, rank: input.shape.rank),
            factors.count == 1 || factors.count == input.shape[axis]
        else {
            throw QTuneError(
                .invalidInput, "\(input.dtype)\(input.shape) times \(factors.shape) and shifted by \(offsets.shape)")
        }
        let output = try context.makeOutput(0, .float32, input.shape)
        Elementwise.scaleAndShift(
            input, by: factors, offsets, inner: input.shape.dimensions[(axis + 1)...].reduce(1, *),
            activation: activation, into: output, pool: context.pool)
        return [.tensor(output)]
    }

    var inPlaceInputs: [Int] { [0] }
}
