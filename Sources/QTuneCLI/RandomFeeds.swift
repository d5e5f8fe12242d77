internal import QTune

/// Inputs of the right types and shapes with random content, for timing networks.
enum RandomFeeds {
    /// - Parameters:
    ///   - batch: length of a first axis that the network leaves open.
    ///   - sequence: length of other axes that it leaves open.
    static func make(for model: Model, batch: Int, sequence: Int) throws -> [String: Tensor] {
        var random = SplitMix64(seed: 0)
        var feeds: [String: Tensor] = [:]
        for input in model.graph.requiredInputs {
            feeds[input.name] = try locating("input '\(input.name)'") {
                guard let dtype = input.type?.dtype, let axes = input.type?.dimensions,
                    let shape = Shape(checking: axes.enumerated().map { $1.value ?? ($0 == 0 ? batch : sequence) })
                else {
                    throw QTuneError(.unsupported, "the network does not tell the input's type and rank")
                }
                try MemoryLimit.check(dtype, shape)
                return try tensor(dtype, shape, name: input.name, &random)
            }
        }
        return feeds
    }

    private static func tensor(_ dtype: DType, _ shape: Shape, name: String, _ random: inout SplitMix64) throws
        -> Tensor
    {
        let isMask = name.contains("mask")
        let limit = name.contains("type") ? 2 : 1000
        func integers() -> [Int] { (0..<shape.elementCount).map { _ in isMask ? 1 : random.next(below: limit) } }
        switch dtype {
        case .float32: return Tensor((0..<shape.elementCount).map { _ in Float(random.normal()) }, shape: shape)
        case .float16: return Tensor((0..<shape.elementCount).map { _ in Float16(random.normal()) }, shape: shape)
        case .float64: return Tensor((0..<shape.elementCount).map { _ in random.normal() }, shape: shape)
        case .int64: return Tensor(integers().map { Int64($0) }, shape: shape)
        case .int32: return Tensor(integers().map { Int32($0) }, shape: shape)
        case .uint8: return Tensor(integers().map { UInt8(truncatingIfNeeded: $0) }, shape: shape)
        case .int8: return Tensor(integers().map { Int8(truncatingIfNeeded: $0) }, shape: shape)
        case .bool: return Tensor(integers().map { $0 % 2 == 1 }, shape: shape)
        default:
            throw QTuneError(.unsupported, "random \(dtype) inputs are not made", remedy: "use qtune run with files")
        }
    }
}
