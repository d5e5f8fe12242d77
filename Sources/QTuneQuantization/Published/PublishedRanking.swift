internal import QTuneGraph
internal import QTuneRuntime
internal import QTuneTensor

/// Ranks tensors as the published tool does.
enum PublishedRanking {
    static func rank(
        float: Model, quantized: Model, source: any CalibrationSource, threads: Int
    ) throws -> [PublishedPath.RankedTensor] {
        let pairs = activationPairs(quantized.graph)
        let inputs = Set(float.graph.requiredInputs.map(\.name))
        let floatSession = try Session(
            float, options: SessionOptions(threads: threads, taps: pairs.map(\.tensor).filter { !inputs.contains($0) }))
        let taps = Set(pairs.flatMap { [$0.before, $0.after] }).subtracting(inputs).sorted()
        // Run literally: pairs absorbed by integer kernels would hide what stands before them.
        let quantizedSession = try Session(
            quantized, options: SessionOptions(threads: threads, optimizes: false, taps: taps))
        var qdq = [SignalToNoise](repeating: SignalToNoise(), count: pairs.count)
        var xmodel = qdq
        for run in 0..<source.count {
            let feeds = try source.feeds(run)
            let original = try floatSession.run(feeds).merging(feeds) { result, _ in result }
            let rounded = try quantizedSession.run(feeds).merging(feeds) { result, _ in result }
            for (index, pair) in pairs.enumerated() {
                guard let reference = original[pair.tensor], let before = rounded[pair.before],
                    let after = rounded[pair.after]
                else { continue }
                try qdq[index].add(reference: before, after)
                try xmodel[index].add(reference: reference, after)
            }
        }
        let scores = zip(normalized(xmodel.map(\.decibels)), normalized(qdq.map(\.decibels))).map {
            0.5 * $0 + 0.5 * $1
        }
        return pairs.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }.map { index in
            PublishedPath.RankedTensor(
                tensor: pairs[index].tensor, qdqDecibels: qdq[index].decibels, xmodelDecibels: xmodel[index].decibels,
                score: scores[index])
        }
    }

    private struct Pair {
        var tensor: String
        var before: String
        var after: String
    }

    private static func activationPairs(_ graph: Graph) -> [Pair] {
        graph.nodes.filter { $0.opType == "DequantizeLinear" }.compactMap { node in
            guard
                let quantize = graph.nodes.first(where: {
                    $0.opType == "QuantizeLinear" && $0.outputs == [node.inputs[0]]
                })
            else { return nil }
            let tensor = String(quantize.name.dropLast("_QuantizeLinear".count))
            return Pair(tensor: tensor, before: quantize.inputs[0], after: node.outputs[0])
        }
    }

    private static func normalized(_ values: [Double]) -> [Double] {
        guard let least = values.min(), let largest = values.max() else { return [] }
        let span = largest > least ? largest - least : 1
        return values.map { ($0 - least) / span }
    }
}
