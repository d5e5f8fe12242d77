import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The place of the largest or smallest element along an axis: the first of equals, or the last if the node says so.
private struct ExtremePlace: Sendable {
    private let axis: Int
    private let keepsAxis: Bool
    private let takesLast: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try node.int("axis") ?? 0
        keepsAxis = try node.int("keepdims") ?? 1 != 0
        takesLast = try node.int("select_last_index") ?? 0 != 0
    }

    func infer(_ context: InferenceContext) throws -> [InferredValue] {
        guard var dimensions = context[0].dimensions else { return [.tensor(.int64, nil)] }
        let axis = try normalizedAxis(self.axis, rank: dimensions.count)
        if keepsAxis { dimensions[axis] = .fixed(1) } else { dimensions.remove(at: axis) }
        return [.tensor(.int64, dimensions)]
    }

    func evaluate(_ context: EvaluationContext, largest: Bool) throws -> [Value] {
        let input = try context.tensor(0)
        let axis = try normalizedAxis(self.axis, rank: input.shape.rank)
        let length = input.shape[axis]
        var lengths = input.shape.dimensions
        if keepsAxis { lengths[axis] = 1 } else { lengths.remove(at: axis) }
        let output = try context.makeOutput(0, .int64, Shape(lengths))
        guard length > 0 || output.count == 0 else { throw QTuneError(.invalidInput, "axis \(axis) has no elements") }
        if input.dtype == .float32, input.count > 0 {
            ExtremePlaces.run(
                input, length: length, inner: input.shape.strides[axis], largest: largest, takesLast: takesLast,
                into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let lane = try Lane.of(input)
        let rows = input.widened(to: lane).movingLast([axis])
        switch lane {
        case .real: places(of: Double.self, rows, length, output) { largest ? $0 > $1 : $0 < $1 }
        case .signed: places(of: Int64.self, rows, length, output) { largest ? $0 > $1 : $0 < $1 }
        case .unsigned: places(of: UInt64.self, rows, length, output) { largest ? $0 > $1 : $0 < $1 }
        }
        return [.tensor(output)]
    }

    private func places<Element: TensorElement>(
        of type: Element.Type, _ rows: Tensor, _ length: Int, _ output: Tensor, isBetter: (Element, Element) -> Bool
    ) {
        rows.withSpan(of: type) { rows in
            output.withMutableSpan(of: Int64.self) { output in
                for row in 0..<output.count {
                    var best = 0
                    for place in 1..<max(length, 1) {
                        let (candidate, current) = (rows[row * length + place], rows[row * length + best])
                        if isBetter(candidate, current) || takesLast && candidate == current { best = place }
                    }
                    output[row] = Int64(best)
                }
            }
        }
    }
}

struct ArgMax: Operator {
    static let name = "ArgMax"
    static let versions = [1, 11, 12, 13]
    private let place: ExtremePlace

    init(_ node: NodeReader) throws { place = try ExtremePlace(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try place.infer(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try place.evaluate(context, largest: true) }
}

struct ArgMin: Operator {
    static let name = "ArgMin"
    static let versions = [1, 11, 12, 13]
    private let place: ExtremePlace

    init(_ node: NodeReader) throws { place = try ExtremePlace(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { try place.infer(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try place.evaluate(context, largest: false) }
}
