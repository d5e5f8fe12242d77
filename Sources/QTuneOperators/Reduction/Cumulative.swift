import QTuneKernels
import QTuneTensor

/// Running sums or products along an axis, which the second operand names.
private struct Cumulative: Sendable {
    private let isExclusive: Bool
    private let isReversed: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        isExclusive = try node.int("exclusive") ?? 0 != 0
        isReversed = try node.int("reverse") ?? 0 != 0
    }

    func evaluate(
        _ context: EvaluationContext, isSum: Bool = false, real: (start: Double, take: (Double, Double) -> Double),
        signed: (start: Int64, take: (Int64, Int64) -> Int64)
    ) throws -> [Value] {
        let input = try context.tensor(0)
        guard let axes = try context.integers(1), axes.count == 1 else {
            throw QTuneError(.invalidInput, "operand 1 must be one axis")
        }
        let axis = try normalizedAxis(axes[0], rank: input.shape.rank)
        let output = try context.makeOutput(0, input.dtype, input.shape)
        if isSum, input.dtype == .float32 {
            RunningSums.run(
                input, length: input.shape[axis], inner: input.shape.strides[axis], isExclusive: isExclusive,
                isReversed: isReversed, into: output, pool: context.pool)
            return [.tensor(output)]
        }
        let lane: Lane = try Lane.of(input) == .real ? .real : .signed
        let wide = input.widened(to: lane)
        output.fill(from: lane) { target in
            if lane == .real {
                run(wide, target, axis, real.start, real.take)
            } else {
                run(wide, target, axis, signed.start, signed.take)
            }
        }
        return [.tensor(output)]
    }

    private func run<Element: TensorElement>(
        _ source: Tensor, _ target: Tensor, _ axis: Int, _ start: Element, _ take: (Element, Element) -> Element
    ) {
        let length = source.shape[axis]
        let step = source.shape.strides[axis]
        guard source.count > 0 else { return }
        source.withSpan(of: Element.self) { source in
            target.withMutableSpan(of: Element.self) { target in
                for line in 0..<source.count / length {
                    let first = line / step * step * length + line % step
                    var sum = start
                    for place in 0..<length {
                        let index = first + (isReversed ? length - 1 - place : place) * step
                        let before = sum
                        sum = take(sum, source[index])
                        target[index] = isExclusive ? before : sum
                    }
                }
            }
        }
    }
}

struct CumSum: Operator {
    static let name = "CumSum"
    static let versions = [11, 14]
    private let cumulative: Cumulative

    init(_ node: NodeReader) throws { cumulative = try Cumulative(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try cumulative.evaluate(context, isSum: true, real: (0, { $0 + $1 }), signed: (0, { $0 &+ $1 }))
    }
}

struct CumProd: Operator {
    static let name = "CumProd"
    static let versions = [26]
    private let cumulative: Cumulative

    init(_ node: NodeReader) throws { cumulative = try Cumulative(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try cumulative.evaluate(context, real: (1, { $0 * $1 }), signed: (1, { $0 &* $1 }))
    }
}
