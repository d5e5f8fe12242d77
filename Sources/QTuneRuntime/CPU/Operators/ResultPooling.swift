internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// The window of a MaxPool that became part of the node that made its operand: its attributes, named anew.
struct ResultPooling {
    private static let prefix = "pool_"
    private static let names = ["kernel_shape", "strides", "dilations", "pads", "auto_pad", "ceil_mode"]

    private let window: ImageWindow
    private let kernel: Extent2D

    /// Gives `node` the window of `pool`.
    static func write(_ pool: Node, to node: inout Node) {
        for name in names { node.attributes[prefix + name] = pool.attributes[name] }
    }

    /// Whether `node` has a window already.
    static func isWritten(on node: Node) -> Bool { names.contains { node.attributes[prefix + $0] != nil } }

    /// nil for a node that pools nothing.
    init?(_ node: NodeReader) throws {
        let given = Self.names.filter { node.has(Self.prefix + $0) }
        guard !given.isEmpty else { return nil }
        var pool = Node("MaxPool", inputs: [], outputs: [])
        for name in given { pool.attributes[name] = node.node.attributes[Self.prefix + name] }
        window = try ImageWindow(NodeReader(pool, opset: node.opset), mayRoundUp: true)
        guard let kernel = window.kernel else {
            throw QTuneError(.invalidModel, "a pool without a window over two axes")
        }
        self.kernel = kernel
    }

    /// The spatial lengths of what is pooled, from those of what is not.
    func outputDimensions(_ spatial: [Dimension]) throws -> [Dimension] {
        try window.attributes.outputDimensions(kernel: nil, input: spatial)
    }

    /// The window over images of `extent`, of which kernels hold one at most, and the places it has.
    func placed(
        over extent: Extent2D, channels: Int, _ dtype: DType
    ) throws -> (window: SlidingWindow, output: Extent2D) {
        try MemoryLimit.check(dtype, [extent.height, extent.width, channels])
        return try window.placed(kernel: kernel, height: extent.height, width: extent.width)
    }
}
