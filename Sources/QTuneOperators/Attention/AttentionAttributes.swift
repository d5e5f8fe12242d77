import QTuneTensor

/// What an Attention node says.
struct AttentionAttributes: Sendable {
    let queryHeads: Int?
    let keyHeads: Int?
    let scale: Float?
    let softcap: Float
    /// The type of the softmax; nil is that of the queries.
    let softmaxType: DType?
    /// At which step scores are given as a result.
    let keptStep: AttentionStep
    /// Positions before and after its own that a query sees; nil is without end.
    let left: Int?
    let right: Int?
    /// Whether a mask of fewer keys than there are hides the rest.
    let padsMask: Bool

    init(_ node: NodeReader) throws {
        queryHeads = try Self.heads(node, "q_num_heads")
        keyHeads = try Self.heads(node, "kv_num_heads")
        scale = try node.float("scale")
        softcap = try node.float("softcap") ?? 0
        softmaxType = try Self.softmaxType(node)
        let mode = try node.int("qk_matmul_output_mode") ?? 0
        guard let step = AttentionStep(rawValue: mode) else {
            throw QTuneError(.invalidModel, "attribute 'qk_matmul_output_mode' is \(mode), not 0 to 3")
        }
        keptStep = step
        left = try Self.window(node, "left_window_size")
        let right = try Self.window(node, "right_window_size")
        self.right = try node.int("is_causal") ?? 0 != 0 ? 0 : right
        padsMask = node.opset >= 24
    }

    private static func heads(_ node: NodeReader, _ name: String) throws -> Int? {
        guard let heads = try node.int(name) else { return nil }
        guard heads > 0, heads <= Int(Int32.max) else {
            throw QTuneError(.invalidModel, "attribute '\(name)' is \(heads), not a number of heads")
        }
        return heads
    }

    private static func window(_ node: NodeReader, _ name: String) throws -> Int? {
        guard node.opset >= 25, let size = try node.int(name), size != -1 else { return nil }
        guard size >= 0 else { throw QTuneError(.invalidModel, "attribute '\(name)' is \(size)") }
        return min(size, Int(Int32.max))
    }

    /// The type that the attribute 'softmax_precision' names.
    static func softmaxType(_ node: NodeReader) throws -> DType? {
        guard let number = try node.int("softmax_precision") else { return nil }
        guard let type = Int32(exactly: number).flatMap(DType.init(rawValue:)), FloatRounding(type) != nil else {
            throw QTuneError(.invalidModel, "attribute 'softmax_precision' is \(number), no float type")
        }
        return type
    }
}
