import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Runs a sub-graph on one slice after another of some operands. State is carried from slice to slice; what else the
/// body gives is stacked. In operator set 8 everything has a batch axis in front, and each batch runs for itself.
struct Scan: Operator {
    static let name = "Scan"
    static let versions = [8, 9, 11, 16, 19, 21, 23, 24, 25]
    private let body: Graph
    private let scanned: Int
    private let state: Int
    private let isBatched: Bool
    private let inputAxes: [Int]
    private let outputAxes: [Int]
    private let inputDirections: [Int]
    private let outputDirections: [Int]

    init(_ node: NodeReader) throws {
        body = try node.required("body", node.graph("body"))
        scanned = try node.required("num_scan_inputs", node.int("num_scan_inputs"))
        isBatched = node.opset < 9
        guard (1...max(1, body.inputs.count)).contains(scanned) else {
            throw QTuneError(
                .invalidModel, "num_scan_inputs is \(scanned), the body has \(body.inputs.count) inputs")
        }
        state = body.inputs.count - scanned
        let operands = node.node.inputs.count - (isBatched ? 1 : 0)
        guard state >= 0, operands == body.inputs.count, body.outputs.count >= state else {
            throw QTuneError(.invalidModel, "\(operands) operands do not fit a body of \(body.inputs.count) inputs")
        }
        let stacks = body.outputs.count - state
        inputAxes = try Self.list(node, "scan_input_axes", scanned)
        outputAxes = try Self.list(node, "scan_output_axes", stacks)
        inputDirections = try Self.list(node, isBatched ? "directions" : "scan_input_directions", scanned)
        outputDirections = try Self.list(node, "scan_output_directions", stacks)
    }

    private static func list(_ node: NodeReader, _ name: String, _ count: Int) throws -> [Int] {
        let list = try node.ints(name) ?? [Int](repeating: 0, count: count)
        guard list.count == count else {
            throw QTuneError(.invalidModel, "attribute '\(name)' has \(list.count) numbers, not \(count)")
        }
        return list
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let unknown = [InferredValue](repeating: .unknown, count: body.outputs.count)
        let first = isBatched ? 1 : 0
        var steps = Dimension.unknown
        var batch = Dimension.unknown
        let operands = try body.inputs.indices.map { index -> InferredValue in
            let operand = context[first + index]
            guard var dimensions = operand.dimensions else { return .tensor(operand.dtype, nil) }
            if isBatched {
                guard !dimensions.isEmpty else { throw QTuneError(.invalidInput, "an operand has no batch axis") }
                let length = dimensions.removeFirst()
                if batch.value == nil, length != .unknown { batch = length }
            }
            guard index >= state else { return .tensor(operand.dtype, dimensions) }
            let axis = try normalizedAxis(inputAxes[index - state], rank: dimensions.count)
            let length = dimensions.remove(at: axis)
            if steps.value == nil, length != .unknown { steps = length }
            return .tensor(operand.dtype, dimensions)
        }
        let outputs = try context.inferSubgraph(body, operands)
        let initial = operands[..<state].map { InferredValue(type: $0.type) }
        // The state may change its shape from slice to slice only where the body says so.
        let settled = zip(initial, outputs).map { ValueType.common($0.type, $1.type) }
        guard settled == initial.map(\.type) else { return unknown }
        let stacks = try outputs[state...].enumerated().map { index, output -> InferredValue in
            guard var dimensions = output.dimensions else { return .tensor(output.dtype, nil) }
            dimensions.insert(steps, at: try normalizedAxis(outputAxes[index], rank: dimensions.count + 1))
            return .tensor(output.dtype, dimensions)
        }
        let results = settled.map { InferredValue(type: $0) } + stacks
        guard isBatched else { return results }
        return results.map { .tensor($0.dtype, $0.dimensions.map { [batch] + $0 }) }
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let first = isBatched ? 1 : 0
        let operands = try (first..<first + body.inputs.count).map { try context.tensor($0) }
        guard isBatched else { return try scan(context, operands, steps: nil) }
        let batches = operands[0].shape.dimensions.first ?? 0
        let lengths = try context.integers(0)
        guard lengths.map({ $0.count == batches }) ?? true else {
            throw QTuneError(.invalidInput, "operand 0 must have a length for each of \(batches) batches")
        }
        let results = try (0..<batches).map { batch in
            let parts = try operands.map { try slice($0, axis: 0, at: batch) }
            return try scan(context, parts, steps: lengths?[batch])
        }
        return try body.outputs.indices.map { index in
            try stacked(results.compactMap { $0[index].tensor }, axis: 0, empty: nil)
        }
    }

    /// Runs the body over the slices of `operands`, the first `steps` of them where that is given.
    private func scan(_ context: EvaluationContext, _ operands: [Tensor], steps: Int?) throws -> [Value] {
        let sources = operands[state...].enumerated().map { ($0, $1) }
        let axes = try sources.map { try normalizedAxis(inputAxes[$0.0], rank: $0.1.shape.rank) }
        let lengths = zip(sources, axes).map { $0.1.shape[$1] }
        guard let length = lengths.first, lengths.allSatisfy({ $0 == length }) else {
            throw QTuneError(.invalidInput, "the scanned operands differ in length: \(lengths)")
        }
        let count = steps ?? length
        guard (0...length).contains(count) else {
            throw QTuneError(.invalidInput, "\(count) steps over operands of \(length)")
        }
        var carried = operands[..<state].map(Value.tensor)
        var stacks = [[Tensor]](repeating: [], count: body.outputs.count - state)
        for step in 0..<count {
            let slices = try sources.map { index, source in
                let place = inputDirections[index] == 0 ? step : count - 1 - step
                return Value.tensor(try slice(source, axis: axes[index], at: place))
            }
            let outputs = try context.runSubgraph(body, carried + slices)
            carried = Array(outputs[..<state])
            for (index, value) in outputs[state...].enumerated() {
                guard let tensor = value.tensor else {
                    throw QTuneError(.invalidModel, "a stacked result is no tensor")
                }
                stacks[index].append(tensor)
            }
        }
        return try carried
            + stacks.enumerated().map { index, slices in
                // Shorter sequences of a batch have zeros behind.
                let padding = slices.first.map { Tensor(zeros: $0.dtype, shape: $0.shape) }
                let missing = padding.map { [Tensor](repeating: $0, count: length - count) } ?? []
                let ordered = (outputDirections[index] == 0 ? slices : slices.reversed()) + missing
                return try stacked(ordered, axis: outputAxes[index], empty: body.outputs[state + index].type)
            }
    }

    /// One slice of `tensor` along `axis`, without that axis.
    private func slice(_ tensor: Tensor, axis: Int, at place: Int) throws -> Tensor {
        guard axis < tensor.shape.rank, place < tensor.shape[axis] else {
            throw QTuneError(.invalidInput, "\(tensor.shape) has no slice \(place) along axis \(axis)")
        }
        var lengths = tensor.shape.dimensions
        lengths.remove(at: axis)
        let carrier = try ElementCarrier([tensor])
        let local = EvaluationContext(inputs: [], outputCount: 1, pool: ThreadPool(threads: 1))
        let value = try carrier.makeOutput(local, Shape(lengths)) { output in
            FlatGather.gather(carrier.tensors[0], axis: axis, places: [place], into: output)
        }
        return value.tensor ?? tensor
    }
}
