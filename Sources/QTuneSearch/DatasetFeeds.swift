public import QTuneData
public import QTuneGraph
public import QTuneQuantization
internal import QTuneRuntime
public import QTuneTensor

/// A data set as feeds of a network: samples are stacked to the network's batch. Samples without names feed the only
/// input of a network and take its type; those with names feed the inputs so called, as they are.
public struct DatasetFeeds: CalibrationSource {
    private let dataset: any Dataset
    /// The input that samples without names are for.
    private let only: ValueInfo?
    /// Samples in one feed: 1, or what the network's inputs demand.
    public let batch: Int

    /// Throws where the samples do not hold what the network takes.
    public init(_ dataset: any Dataset, for model: Model) throws {
        self.dataset = dataset
        (only, batch) = try Self.located(dataset) {
            guard dataset.count > 0 else { throw QTuneError(.invalidData, "the data set is empty") }
            guard let sample = try dataset.namedInputs(at: 0) else {
                let sample = try dataset.input(at: 0)
                let input = try SampleCheck.onlyInput(of: model.graph, for: sample)
                return (input, try SampleCheck.batch([input], of: [input.name: sample]))
            }
            return (nil, try SampleCheck.batch(SampleCheck.inputs(of: model.graph, for: sample), of: sample))
        }
        guard only == nil else { return }
        let first = try feeds(0)
        try Self.located(dataset) { try InputSignature(model.graph).check(tensors: first) }
    }

    /// Feeds, of which the last may hold samples twice to fill the batch.
    public var count: Int { (dataset.count - 1) / batch + 1 }

    /// Samples that feed `index` holds, without those that only fill it.
    public func samples(_ index: Int) -> Range<Int> {
        index * batch..<min(dataset.count, (index + 1) * batch)
    }

    public func feeds(_ index: Int) throws -> [String: Tensor] {
        let samples = try samples(index).map(inputs)
        guard batch > 1, let first = samples.first else { return samples.first ?? [:] }
        return try Dictionary(
            uniqueKeysWithValues: first.map { name, part in
                let parts = samples.compactMap { $0[name] }
                let areAlike = parts.allSatisfy { $0.shape == part.shape && $0.dtype == part.dtype }
                guard parts.count == samples.count, areAlike else {
                    throw QTuneError(
                        .invalidData, "samples of one batch differ in shape", remedy: "resize or crop them")
                }
                let shape = Shape([batch] + part.shape.dimensions.dropFirst())
                return (name, Tensor.joined(parts, part.dtype, to: shape))
            })
    }

    private func inputs(at index: Int) throws -> [String: Tensor] {
        guard let only else { return try dataset.namedInputs(at: index) ?? [:] }
        return [only.name: try dataset.input(at: index).rounded(to: only.type?.dtype ?? .float32)]
    }

    private static func located<Result>(_ dataset: any Dataset, _ body: () throws -> Result) throws -> Result {
        guard let place = dataset.place else { return try body() }
        return try locating(place, body)
    }
}

/// Whether samples are what a network takes.
private enum SampleCheck {
    /// The one input of a network that takes samples like `sample`, which has no name.
    static func onlyInput(of graph: Graph, for sample: Tensor) throws -> ValueInfo {
        let inputs = graph.requiredInputs
        guard let info = inputs.first, inputs.count == 1 else {
            let names = inputs.map(\.name).joined(separator: ", ")
            throw QTuneError(
                .unsupported, "the network has \(inputs.count) inputs (\(names)); pictures can feed one only",
                remedy: inputs.isEmpty ? nil : "give an .npz file with an array for each input")
        }
        let dtype = info.type?.dtype ?? .float32
        guard [.float32, .float16, .uint8, .int8].contains(dtype) else {
            throw QTuneError(
                .unsupported, "the input is \(dtype); pictures can feed float32, float16, uint8 and int8",
                place: ["input '\(info.name)'"], remedy: "give an .npz file with an array '\(info.name)' of \(dtype)")
        }
        try check(sample, against: info, remedy: "set --resize, --crop, --squash or --layout to match")
        return info
    }

    /// The inputs of a network, which `sample` feeds all.
    static func inputs(of graph: Graph, for sample: [String: Tensor]) throws -> [ValueInfo] {
        let required = graph.requiredInputs
        let list = required.map { "'\($0.name)'" }.joined(separator: ", ")
        for name in sample.keys.sorted() where !required.contains(where: { $0.name == name }) {
            throw QTuneError(
                .invalidData, "the network takes no input called '\(name)'", place: ["array '\(name)'"],
                remedy: "arrays have the names of the network's inputs: \(list); 'y' holds labels")
        }
        for info in required {
            guard let tensor = sample[info.name] else {
                throw QTuneError(
                    .invalidData, "there is no array for the input '\(info.name)'",
                    remedy: "store one for each input, by its name: \(list)")
            }
            try locating("array '\(info.name)'") {
                if let dtype = info.type?.dtype, dtype != tensor.dtype {
                    throw QTuneError(
                        .invalidData, "it holds \(tensor.dtype), the input takes \(dtype)",
                        remedy: "convert it: \(info.name).astype('\(dtype)')")
                }
                try check(
                    tensor, against: info,
                    remedy: "the first axis of an array counts samples, the others are those of the input")
            }
        }
        return required
    }

    /// The batch that `inputs` have in common, which memory has room for when all samples are like `sample`.
    static func batch(_ inputs: [ValueInfo], of sample: [String: Tensor]) throws -> Int {
        let batch = try commonBatch(inputs)
        for info in inputs {
            guard let tensor = sample[info.name] else { continue }
            try locating("input '\(info.name)'") { try checkMemory(for: batch, of: tensor) }
        }
        return batch
    }

    /// Throws where `batch` samples like `sample` do not fit into memory.
    private static func checkMemory(for batch: Int, of sample: Tensor) throws {
        if let shape = Shape(checking: [batch] + sample.shape.dimensions.dropFirst()),
            (try? MemoryLimit.check(sample.dtype, shape)) != nil
        {
            return
        }
        throw QTuneError(
            .unsupported,
            "the first axis is \(batch) long: so many samples of \(sample.shape) do not fit into memory",
            remedy: "export the network with a shorter or an open first axis")
    }

    private static func commonBatch(_ inputs: [ValueInfo]) throws -> Int {
        let fixed = inputs.compactMap { info in info.type?.dimensions?.first?.value.map { (info.name, $0) } }
        guard let (name, length) = fixed.first else { return 1 }
        if let (other, another) = fixed.first(where: { $0.1 != length }) {
            throw QTuneError(
                .unsupported,
                "the first axis is \(length) long in input '\(name)' but \(another) in '\(other)': "
                    + "samples need one batch")
        }
        return max(1, length)
    }

    private static func check(_ sample: Tensor, against info: ValueInfo, remedy: String) throws {
        guard let dimensions = info.type?.dimensions else { return }
        let fits =
            dimensions.count == sample.shape.rank
            && zip(dimensions, sample.shape.dimensions).dropFirst().allSatisfy { $0.value == nil || $0.value == $1 }
        guard fits else {
            throw QTuneError(
                .invalidData, "the network takes \(info.type?.description ?? "?"), a sample is \(sample.shape)",
                place: ["input '\(info.name)'"], remedy: remedy)
        }
    }
}

extension Tensor {
    /// float32 as `dtype`, rounded half to even; integers saturate.
    fileprivate func rounded(to dtype: DType) -> Tensor {
        func clamped(_ value: Float, _ range: ClosedRange<Float>) -> Float {
            min(range.upperBound, max(range.lowerBound, value.rounded(.toNearestOrEven)))
        }
        switch dtype {
        case .float16: return Tensor(array(of: Float.self).map { Float16($0) }, shape: shape)
        case .uint8: return Tensor(array(of: Float.self).map { UInt8(clamped($0, 0...255)) }, shape: shape)
        case .int8: return Tensor(array(of: Float.self).map { Int8(clamped($0, -128...127)) }, shape: shape)
        default: return self
        }
    }
}
