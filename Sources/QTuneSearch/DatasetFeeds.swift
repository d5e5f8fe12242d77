public import QTuneData
public import QTuneGraph
public import QTuneQuantization
internal import QTuneRuntime
public import QTuneTensor

/// A data set as feeds of a network with one input: samples are stacked to the network's batch and take its type.
public struct DatasetFeeds: CalibrationSource {
    private let dataset: any Dataset
    private let input: String
    private let dtype: DType
    /// Samples in one feed: 1, or what the network's input demands.
    public let batch: Int

    /// Throws where the network has not exactly one input, or samples do not have its shape.
    public init(_ dataset: any Dataset, for model: Model) throws {
        let inputs = model.graph.requiredInputs
        guard let info = inputs.first, inputs.count == 1 else {
            let names = inputs.map(\.name).joined(separator: ", ")
            throw QTuneError(
                .unsupported, "the network has \(inputs.count) inputs (\(names)); pictures can feed one only")
        }
        guard dataset.count > 0 else { throw QTuneError(.invalidData, "the data set is empty") }
        self.dataset = dataset
        input = info.name
        dtype = info.type?.dtype ?? .float32
        guard [.float32, .float16, .uint8, .int8].contains(dtype) else {
            throw QTuneError(
                .unsupported, "the input is \(dtype); pictures can feed float32, float16, uint8 and int8",
                place: ["input '\(info.name)'"])
        }
        batch = max(1, info.type?.dimensions?.first?.value ?? 1)
        try Self.check(dataset.input(at: 0), against: info)
    }

    /// Feeds, of which the last may hold samples twice to fill the batch.
    public var count: Int { (dataset.count + batch - 1) / batch }

    /// Samples that feed `index` holds, without those that only fill it.
    public func samples(_ index: Int) -> Range<Int> {
        index * batch..<min(dataset.count, (index + 1) * batch)
    }

    public func feeds(_ index: Int) throws -> [String: Tensor] {
        let samples = (0..<batch).map { min(index * batch + $0, dataset.count - 1) }
        if batch == 1 { return [input: Self.converted(try dataset.input(at: samples[0]), to: dtype)] }
        let tensors = try samples.map { try dataset.input(at: $0) }
        let shape = tensors[0].shape
        guard tensors.allSatisfy({ $0.shape == shape }) else {
            throw QTuneError(.invalidData, "samples of one batch differ in shape", remedy: "resize or crop them")
        }
        let stacked = Tensor(
            tensors.flatMap { $0.array(of: Float.self) }, shape: Shape([batch] + shape.dimensions.dropFirst()))
        return [input: Self.converted(stacked, to: dtype)]
    }

    private static func check(_ sample: Tensor, against info: ValueInfo) throws {
        guard let dimensions = info.type?.dimensions else { return }
        let fits =
            dimensions.count == sample.shape.rank
            && zip(dimensions, sample.shape.dimensions).dropFirst().allSatisfy { $0.value == nil || $0.value == $1 }
        guard fits else {
            throw QTuneError(
                .invalidData, "the network takes \(info.type?.description ?? "?"), a sample is \(sample.shape)",
                place: ["input '\(info.name)'"], remedy: "set --resize, --crop, --squash or --layout to match")
        }
    }

    /// float32 to the network's type, rounding half to even; integers saturate.
    private static func converted(_ tensor: Tensor, to dtype: DType) -> Tensor {
        func clamped(_ value: Float, _ range: ClosedRange<Float>) -> Float {
            min(range.upperBound, max(range.lowerBound, value.rounded(.toNearestOrEven)))
        }
        switch dtype {
        case .float16: return Tensor(tensor.array(of: Float.self).map { Float16($0) }, shape: tensor.shape)
        case .uint8:
            return Tensor(tensor.array(of: Float.self).map { UInt8(clamped($0, 0...255)) }, shape: tensor.shape)
        case .int8:
            return Tensor(tensor.array(of: Float.self).map { Int8(clamped($0, -128...127)) }, shape: tensor.shape)
        default: return tensor
        }
    }
}
