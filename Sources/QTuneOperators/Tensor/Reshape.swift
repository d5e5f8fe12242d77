import QTuneGraph
import QTuneTensor

/// The same elements with another shape. A length of -1 is what is left over; a length of 0 is that of the operand's
/// axis, unless `allowzero` says that it is 0.
struct Reshape: Operator {
    static let name = "Reshape"
    static let versions = [5, 13, 14, 19, 21, 23, 24, 25]
    var isView: Bool { true }
    private let allowsZero: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        allowsZero = try node.int("allowzero") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        guard let target = context[1].elements ?? context[1].integers?.map(Dimension.fixed) else {
            return [.tensor(input.dtype, context[1].lengths)]
        }
        var result = InferredValue.tensor(input.dtype, dimensions(of: input.dimensions, target: target))
        result.constant = reshapedConstant(input.constant, context[1].integers)
        if result.dimensions.map({ $0.count <= 1 }) == true { result.elements = input.elements }
        return [result]
    }

    private func reshapedConstant(_ constant: Tensor?, _ target: [Int]?) -> Tensor? {
        guard let constant, let target, let shape = try? shape(of: constant.shape, target: target) else { return nil }
        return constant.reshaped(to: shape)
    }

    private func dimensions(of input: [Dimension]?, target: [Dimension]) -> [Dimension] {
        var result = target.enumerated().map { axis, length -> Dimension in
            switch length {
            case .fixed(0) where !allowsZero:
                guard let input, input.indices.contains(axis) else { return .unknown }
                return input[axis]
            case .fixed(let value) where value < 0: return .unknown
            default: return length
            }
        }
        guard let rest = target.firstIndex(of: .fixed(-1)), let input else { return result }
        let others = result.indices.filter { $0 != rest }.map { result[$0] }
        if let length = leftOver(input, others) { result[rest] = length }
        return result
    }

    /// The length that `others` leave of the elements of `input`; nil where it is not known.
    private func leftOver(_ input: [Dimension], _ others: [Dimension]) -> Dimension? {
        // Where a name on both sides stands for 0, nothing is left to divide and the network does not run.
        let quotient = DimensionArithmetic.quotient(
            DimensionArithmetic.product(input), DimensionArithmetic.product(others))
        return quotient == .unknown ? nil : quotient
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let target = try context.integers(1) else { throw QTuneError(.invalidModel, "operand 1 is missing") }
        return [.tensor(input.reshaped(to: try shape(of: input.shape, target: target)))]
    }

    private func shape(of input: Shape, target: [Int]) throws -> Shape {
        var lengths = target
        for axis in lengths.indices where lengths[axis] == 0 && !allowsZero {
            guard axis < input.rank else {
                throw QTuneError(.invalidInput, "shape \(target) copies axis \(axis) of \(input), which has none")
            }
            lengths[axis] = input[axis]
        }
        let open = lengths.indices.filter { lengths[$0] == -1 }
        if let axis = open.first {
            lengths[axis] = 1
            guard open.count == 1, let rest = Shape(checking: lengths), rest.elementCount > 0,
                input.elementCount % rest.elementCount == 0
            else { throw mismatch(input, target) }
            lengths[axis] = input.elementCount / rest.elementCount
        }
        guard let shape = Shape(checking: lengths), shape.elementCount == input.elementCount else {
            throw mismatch(input, target)
        }
        return shape
    }

    private func mismatch(_ input: Shape, _ target: [Int]) -> QTuneError {
        QTuneError(.invalidInput, "\(input) does not reshape to \(target)")
    }
}

/// The operand as a matrix: axes before `axis` become rows, the others columns.
struct Flatten: Operator {
    static let name = "Flatten"
    static let versions = [1, 9, 11, 13, 21, 23, 24, 25]
    var isView: Bool { true }
    private let axis: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try node.int("axis") ?? 1
    }

    private func split(rank: Int) throws -> Int {
        axis == rank ? rank : try normalizedAxis(axis, rank: rank)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else {
            return [.tensor(context[0].dtype, [.unknown, .unknown])]
        }
        let split = try split(rank: dimensions.count)
        let lengths = [
            DimensionArithmetic.product(dimensions[..<split]), DimensionArithmetic.product(dimensions[split...]),
        ]
        return [.tensor(context[0].dtype, lengths)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let lengths = input.shape.dimensions
        let split = try split(rank: lengths.count)
        let shape = Shape([lengths[..<split].reduce(1, *), lengths[split...].reduce(1, *)])
        return [.tensor(input.reshaped(to: shape))]
    }
}
