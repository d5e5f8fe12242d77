public import QTuneGraph
internal import QTuneRuntime
internal import QTuneTensor

/// How far each quantized tensor is from what it should be.
public struct TensorErrors: Sendable, Equatable, Codable {
    public struct Entry: Sendable, Equatable, Codable {
        /// The name in the float model.
        public var tensor: String
        /// Values before against after their own quantization, both in the quantized network.
        public var qdq: SignalToNoise
        /// The float network's values against those of the quantized network: errors of everything upstream add up
        /// here.
        public var xmodel: SignalToNoise
    }

    /// Runs behind the figures.
    public var runs = 0
    /// In the order in which the network makes them.
    public var entries: [Entry] = []

    /// Measures every quantized activation over `source`, one run at a time.
    /// - Parameters:
    ///   - float: The prepared float model that `quantized` was made of.
    ///   - progress: Told how many runs are done.
    public static func measure(
        float: Model, quantized: QuantizedModel, source: any CalibrationSource, threads: Int = 1,
        progress: (Int) -> Void = { _ in }
    ) throws -> TensorErrors {
        let made = float.graph.requiredInputs.map(\.name) + float.graph.nodes.flatMap(\.outputs)
        let order = made.filter { quantized.tensors[$0] != nil }
        let (model, pairs) = withClamps(quantized, of: order, float: float)
        let inputs = Set(float.graph.requiredInputs.map(\.name))
        let floatSession = try Session(
            float, options: SessionOptions(threads: threads, taps: order.filter { !inputs.contains($0) }))
        let taps = Set(pairs.flatMap { [$0.before, $0.after] }).subtracting(inputs).sorted()
        // Run literally: integer kernels would absorb the pairs that are looked at.
        let quantizedSession = try Session(
            model, options: SessionOptions(threads: threads, optimizes: false, taps: taps))
        var errors = TensorErrors()
        errors.entries = order.map { Entry(tensor: $0, qdq: SignalToNoise(), xmodel: SignalToNoise()) }
        for run in 0..<source.count {
            let feeds = try source.feeds(run)
            let original = try floatSession.run(feeds).merging(feeds) { result, _ in result }
            let rounded = try quantizedSession.run(feeds).merging(feeds) { result, _ in result }
            for (index, pair) in pairs.enumerated() {
                guard let reference = original[pair.tensor], let before = rounded[pair.before],
                    let after = rounded[pair.after]
                else { continue }
                try locating("tensor '\(pair.tensor)'") {
                    try errors.entries[index].qdq.add(reference: before, after)
                    try errors.entries[index].xmodel.add(reference: reference, after)
                }
            }
            errors.runs += 1
            progress(run + 1)
        }
        return errors
    }

    private typealias Pair = (tensor: String, before: String, after: String)

    /// The quantized model with the Relu and Clip nodes that quantization made superfluous put back before the values
    /// to look at: what they cut off is no error.
    private static func withClamps(_ quantized: QuantizedModel, of order: [String], float: Model) -> (Model, [Pair]) {
        var model = quantized.model
        let kept = Set(model.graph.nodes.map(\.name))
        var pairs: [Pair] = []
        for name in order {
            guard let tensor = quantized.tensors[name] else { continue }
            var before = tensor.before
            if var clamp = float.graph.nodes.first(where: { $0.outputs.first == name }), clamp.isClamp,
                !kept.contains(clamp.name)
            {
                clamp.inputs[0] = before
                before = "\(name) clamped"
                clamp.outputs = [before]
                let constants = clamp.inputs.dropFirst().filter { !$0.isEmpty }
                for constant in constants { model.graph.initializers[constant] = float.graph.initializers[constant] }
                model.graph.nodes.append(clamp)
            }
            pairs.append((name, before, tensor.after))
        }
        return (model, pairs)
    }
}

extension Node {
    fileprivate var isClamp: Bool { domain.isEmpty && (opType == "Relu" || opType == "Clip") }
}
