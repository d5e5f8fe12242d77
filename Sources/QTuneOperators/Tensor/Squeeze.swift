import QTuneGraph
import QTuneTensor

/// Axes that an operator names: in an attribute before operator set 13, in its second operand since.
struct AxesSource: Sendable {
    private let attribute: [Int]?
    private let operand: Int?

    init(_ node: NodeReader, operand: Int, since opset: Int = 13) throws {
        attribute = node.opset < opset ? try node.ints("axes") : nil
        self.operand = node.opset < opset ? nil : operand
    }

    /// The axes; nil where none are named.
    func axes(_ context: EvaluationContext) throws -> [Int]? {
        guard let operand else { return attribute }
        return try context.integers(operand)
    }

    /// The axes as far as they are known.
    func axes(_ context: InferenceContext) -> Known {
        guard let operand else { return attribute.map(Known.axes) ?? .none }
        guard context.has(operand) else { return .none }
        if let axes = context[operand].integers { return .axes(axes) }
        return .unknown(count: context[operand].dimensions.flatMap { $0.first?.value ?? ($0.isEmpty ? 1 : nil) })
    }

    enum Known {
        case axes([Int])
        /// No axes are named.
        case none
        /// Axes are named, so many of them where that is known.
        case unknown(count: Int?)
    }
}

/// Takes away axes of length 1: those named, or all.
struct Squeeze: Operator {
    static let name = "Squeeze"
    static let versions = [1, 11, 13, 21, 23, 24, 25]
    var isView: Bool { true }
    private let source: AxesSource

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2)
        source = try AxesSource(node, operand: 1)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        guard let dimensions = input.dimensions else { return [.tensor(input.dtype, nil)] }
        let kept: [Dimension]
        switch source.axes(context) {
        case .axes(let axes):
            let dropped = Set(try normalizedAxes(axes, rank: dimensions.count))
            kept = dimensions.indices.filter { !dropped.contains($0) }.map { dimensions[$0] }
        case .none:
            guard dimensions.allSatisfy({ $0.value != nil }) else { return [.tensor(input.dtype, nil)] }
            kept = dimensions.filter { $0 != .fixed(1) }
        case .unknown(let count):
            guard let count, count <= dimensions.count else { return [.tensor(input.dtype, nil)] }
            kept = [Dimension](repeating: .unknown, count: dimensions.count - count)
        }
        return [InferredValue.tensor(input.dtype, kept).with(elements: movedElements(context, moved: [0]))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let lengths = input.shape.dimensions
        let dropped: Set<Int>
        if let axes = try source.axes(context) {
            dropped = Set(try normalizedAxes(axes, rank: lengths.count))
        } else {
            dropped = Set(lengths.indices.filter { lengths[$0] == 1 })
        }
        if let axis = dropped.first(where: { lengths[$0] != 1 }) {
            throw QTuneError(.invalidInput, "axis \(axis) of \(input.shape) is not of length 1")
        }
        let kept = lengths.indices.filter { !dropped.contains($0) }.map { lengths[$0] }
        return [.tensor(input.reshaped(to: Shape(kept)))]
    }
}

/// Puts in axes of length 1; the axes named are those of the result.
struct Unsqueeze: Operator {
    static let name = "Unsqueeze"
    static let versions = [1, 11, 13, 21, 23, 24, 25]
    var isView: Bool { true }
    private let source: AxesSource

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2)
        source = try AxesSource(node, operand: 1)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let input = context[0]
        guard let dimensions = input.dimensions else { return [.tensor(input.dtype, nil)] }
        switch source.axes(context) {
        case .axes(let axes):
            let result = InferredValue.tensor(input.dtype, try inserting(.fixed(1), at: axes, in: dimensions))
            return [result.with(elements: movedElements(context, moved: [0]))]
        case .none: throw QTuneError(.invalidModel, "the axes to put in are missing")
        case .unknown(let count):
            guard let count, count <= 64 else { return [.tensor(input.dtype, nil)] }
            return [.tensor(input.dtype, [Dimension](repeating: .unknown, count: dimensions.count + count))]
        }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard let axes = try source.axes(context) else {
            throw QTuneError(.invalidModel, "the axes to put in are missing")
        }
        return [.tensor(input.reshaped(to: Shape(try inserting(1, at: axes, in: input.shape.dimensions))))]
    }

    private func inserting<Length>(_ one: Length, at axes: [Int], in lengths: [Length]) throws -> [Length] {
        let rank = lengths.count + axes.count
        let added = Set(try normalizedAxes(axes, rank: rank))
        var rest = lengths.makeIterator()
        return (0..<rank).compactMap { added.contains($0) ? one : rest.next() }
    }
}
