import QTuneGraph
import QTuneKernels
package import QTuneTensor

extension Operator {
    /// The elements of the outputs of an operator that only moves elements, from what is known of those of its
    /// operands `moved`; nil where they are not known.
    ///
    /// The operator runs on numbers that stand for the lengths, so inference cannot disagree with evaluation.
    /// The other operands must be constant.
    func movedElements(_ context: InferenceContext, moved: [Int]) -> [[Dimension]]? {
        var table: [Dimension] = []
        var inputs: [Value?] = []
        for (index, input) in context.inputs.enumerated() {
            guard let input else {
                inputs.append(nil)
                continue
            }
            if moved.contains(index) {
                guard let elements = input.elements, let shape = input.type?.shape, shape.elementCount == elements.count
                else { return nil }
                let codes = elements.indices.map { Int64(table.count + $0) }
                table += elements
                inputs.append(.tensor(Tensor(codes, shape: shape)))
            } else {
                guard let constant = input.constant else { return nil }
                inputs.append(.tensor(constant))
            }
        }
        let evaluation = EvaluationContext(
            inputs: inputs, outputCount: context.outputCount, pool: ThreadPool(threads: 1))
        guard let outputs = try? evaluate(evaluation) else { return nil }
        let codes = outputs.compactMap { $0.tensor?.integers }
        guard codes.count == outputs.count else { return nil }
        return codes.map { $0.map { table.indices.contains($0) ? table[$0] : .unknown } }
    }
}

extension InferredValue {
    /// This value with the elements of output `index`, where `elements` has them and they are few.
    func with(elements: [[Dimension]]?, _ index: Int = 0) -> InferredValue {
        guard let elements, elements.indices.contains(index), elements[index].count <= Self.mostElements else {
            return self
        }
        var copy = self
        copy.elements = elements[index]
        return copy
    }

    /// Elements of a value that are kept track of at most.
    static let mostElements = 256

    /// A constant: its type, the tensor and, where it is a small integer tensor, its elements.
    package init(constant tensor: Tensor) {
        self.init(type: .tensor(tensor.dtype, tensor.shape), constant: tensor)
        if tensor.count <= Self.mostElements { elements = tensor.integers?.map(Dimension.fixed) }
    }

    /// The axes that a tensor of shape arithmetic asks for, nil where not even their number is known.
    /// Elements that are negative are not lengths and give `unknown`.
    var lengths: [Dimension]? {
        if let elements { return elements.map { $0.value.map { $0 < 0 } == true ? .unknown : $0 } }
        if let integers { return integers.map { $0 < 0 ? .unknown : .fixed($0) } }
        guard let dimensions, dimensions.count == 1, let count = dimensions[0].value, count <= Self.mostElements else {
            return nil
        }
        return [Dimension](repeating: .unknown, count: count)
    }
}

/// An axis or index from outside, counted from the end where it is negative.
func normalizedAxis(_ axis: Int, rank: Int, what: String = "axis") throws -> Int {
    let normalized = axis < 0 && rank <= Int.max - 1 ? axis &+ rank : axis
    guard (0..<max(rank, 0)).contains(normalized) else {
        throw QTuneError(.invalidInput, "\(what) \(axis) is out of range for \(rank) axes")
    }
    return normalized
}

/// Axes from outside, counted from the end where they are negative; none may come twice.
func normalizedAxes(_ axes: [Int], rank: Int) throws -> [Int] {
    let normalized = try axes.map { try normalizedAxis($0, rank: rank) }
    guard Set(normalized).count == normalized.count else {
        throw QTuneError(.invalidInput, "an axis comes twice in \(axes)")
    }
    return normalized
}

/// A shape of lengths from outside.
func checkedShape(_ lengths: [Int], operand: String) throws -> Shape {
    guard let shape = Shape(checking: lengths) else {
        throw QTuneError(.invalidInput, "\(operand) \(lengths) is no shape")
    }
    return shape
}
