import QTuneKernels
import QTuneTensor

/// What happens to an element that an update falls on.
private enum ScatterReduction: String, Sendable {
    case none, add, mul, max, min

    init(_ node: NodeReader) throws {
        let text = try node.string("reduction") ?? "none"
        guard let reduction = ScatterReduction(rawValue: text) else {
            throw QTuneError(.invalidModel, "attribute 'reduction' is '\(text)'")
        }
        self = reduction
    }

    /// `data` with `updates` in runs of `run` elements from `starts` on.
    func apply(
        _ context: EvaluationContext, _ data: Tensor, _ updates: Tensor, starts: [Int], run: Int = 1
    ) throws -> [Value] {
        try requireSameType(data, updates)
        if self == .none { return [try replace(context, data, updates, starts, run)] }
        let offsets = run == 1 ? starts : starts.flatMap { start in (0..<run).map { start + $0 } }
        let output = try context.makeOutput(0, data.dtype, data.shape)
        let lane: Lane = try Lane.of(data) == .real ? .real : .signed
        let (source, changes) = (data.widened(to: lane), updates.widened(to: lane))
        output.fill(from: lane) { target in
            copy(source, to: target, context)
            if lane == .real {
                FlatGather.scatter(Double.self, changes, offsets: offsets, into: target, combineReal)
            } else {
                FlatGather.scatter(Int64.self, changes, offsets: offsets, into: target, combineSigned)
            }
        }
        return [.tensor(output)]
    }

    private func replace(
        _ context: EvaluationContext, _ data: Tensor, _ updates: Tensor, _ starts: [Int], _ run: Int
    ) throws -> Value {
        let carrier = try ElementCarrier([data, updates])
        let (source, changes) = (carrier.tensors[0], carrier.tensors[1])
        return try carrier.makeOutput(context, data.shape) { target in
            copy(source, to: target, context)
            FlatGather.scatter(changes, starts: starts, run: run, into: target)
        }
    }

    private func copy(_ source: Tensor, to target: Tensor, _ context: EvaluationContext) {
        StridedCopy.fill(target, from: source, StridedView(strides: source.shape.strides), pool: context.pool)
    }

    private func combineReal(_ old: Double, _ new: Double) -> Double {
        switch self {
        case .none: new
        case .add: old + new
        case .mul: old * new
        case .max: old.isNaN || old > new ? old : new
        case .min: old.isNaN || old < new ? old : new
        }
    }

    private func combineSigned(_ old: Int64, _ new: Int64) -> Int64 {
        switch self {
        case .none: new
        case .add: old &+ new
        case .mul: old &* new
        case .max: Swift.max(old, new)
        case .min: Swift.min(old, new)
        }
    }
}

/// What is known of data that is changed here and there.
private func inferScattered(_ context: InferenceContext) -> [InferredValue] { [InferredValue(type: context[0].type)] }

/// The first operand with elements replaced: each update goes to its own place but for `axis`, where its index stands.
private struct ElementScatter: Sendable {
    private let axis: Int
    private let reduction: ScatterReduction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        axis = try node.int("axis") ?? 0
        reduction = try ScatterReduction(node)
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices, updates) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        guard indices.shape == updates.shape else {
            throw QTuneError(.invalidInput, "\(indices.shape) indices do not fit \(updates.shape) updates")
        }
        let offsets = try AxisIndices(indices, in: data.shape, axis: axis).offsets()
        return try reduction.apply(context, data, updates, starts: offsets)
    }
}

struct ScatterElements: Operator {
    static let name = "ScatterElements"
    static let versions = [11, 13, 16, 18]
    private let scatter: ElementScatter

    init(_ node: NodeReader) throws { scatter = try ElementScatter(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { inferScattered(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try scatter.evaluate(context) }
}

/// The older name of `ScatterElements`.
struct Scatter: Operator {
    static let name = "Scatter"
    static let versions = [9, 11]
    private let scatter: ElementScatter

    init(_ node: NodeReader) throws { scatter = try ElementScatter(node) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { inferScattered(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] { try scatter.evaluate(context) }
}

/// The first operand with slices replaced, at the places that the last axis of the second operand names.
struct ScatterND: Operator {
    static let name = "ScatterND"
    static let versions = [11, 13, 16, 18]
    private let reduction: ScatterReduction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        reduction = try ScatterReduction(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { inferScattered(context) }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (data, indices, updates) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        let starts = try sliceOffsets(of: indices, in: data.shape, batchAxes: 0)
        let depth = indices.shape.dimensions.last ?? 0
        let slice = Array(data.shape.dimensions[depth...])
        guard updates.shape.dimensions == Array(indices.shape.dimensions.dropLast()) + slice else {
            throw QTuneError(.invalidInput, "updates of shape \(updates.shape) do not fit slices of \(slice)")
        }
        return try reduction.apply(context, data, updates, starts: starts, run: slice.reduce(1, *))
    }
}
