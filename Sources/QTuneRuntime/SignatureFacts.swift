internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// What holds for the values of a program in every run that starts from the same types and shapes: lengths of axes, and
/// the contents of those that come from lengths and constants alone.
///
/// Operators say what they know through inference, which a run with known lengths lets say more than the model does.
struct SignatureFacts {
    /// By slot; nil where nothing is known.
    private var facts: [InferredValue?]

    init(_ program: Program, feeds: [String: Value]) {
        facts = Array(repeating: nil, count: program.slotCount)
        for input in program.inputs {
            if let tensor = feeds[input.name]?.tensor {
                facts[input.slot] = .tensor(tensor.dtype, tensor.shape.dimensions.map(Dimension.fixed))
            } else if feeds[input.name] == nil, let tensor = input.defaultValue?.tensor {
                facts[input.slot] = InferredValue(constant: tensor)
            }
        }
    }

    /// The value of `slot`, where it is the same in every run.
    func constant(of slot: Int) -> Tensor? { facts[slot]?.constant }

    /// The lengths of the axes of `slot`, where they are the same in every run.
    func shape(of slot: Int) -> Shape? { facts[slot]?.type?.shape }

    /// The element type of `slot`, where it is the same in every run.
    func dtype(of slot: Int) -> DType? { facts[slot]?.dtype }

    /// Notes what is known of the results of `step`, which has just made `values`.
    mutating func follow(_ step: Program.Step, _ values: [Value]) {
        let operands = step.operands.map(fact)
        guard step.bodies.isEmpty, operands.contains(where: { $0 != .unknown }) else { return }
        let isConstant = step.operator.isDeterministic && operands.allSatisfy { $0 == nil || $0?.constant != nil }
        let context = InferenceContext(inputs: operands, outputCount: step.results.count)
        // What inference cannot say is not known; the run that is watched has shown that the step itself works.
        let inferred = isConstant ? [] : (try? step.operator.inferOutputs(context)) ?? []
        for (index, slot) in step.results.enumerated() {
            guard let slot, index < values.count, let tensor = values[index].tensor else { continue }
            if isConstant {
                facts[slot] = InferredValue(constant: tensor)
            } else if index < inferred.count {
                facts[slot] = Self.fact(inferred[index], about: tensor)
            }
        }
    }

    private func fact(_ operand: Program.Operand) -> InferredValue? {
        switch operand {
        case .omitted: nil
        case .constant(.tensor(let tensor)): InferredValue(constant: tensor)
        case .constant: .unknown
        case .slot(let slot): facts[slot] ?? .unknown
        }
    }

    /// What inference says in full and `tensor` bears out.
    private static func fact(_ inferred: InferredValue, about tensor: Tensor) -> InferredValue? {
        guard inferred.type?.shape == tensor.shape, inferred.dtype == tensor.dtype else { return nil }
        if let integers = inferred.integers, integers == tensor.integers { return InferredValue(constant: tensor) }
        return .tensor(tensor.dtype, tensor.shape.dimensions.map(Dimension.fixed))
    }
}
