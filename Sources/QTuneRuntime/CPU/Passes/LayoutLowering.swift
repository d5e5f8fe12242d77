internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets convolutional regions run on NHWC images from end to end. Every node with a `LayoutRule` takes and gives NHWC;
/// values change their order only where a node without one reads them, and at the edges of the graph.
struct LayoutLowering: Pass {
    let name = "lower-to-nhwc"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        var images = ImageTable()
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            if images.bypassTransposition(id, node, &rewriting) {
                rewriting.matched(node)
            } else if let lowered = LayoutRule.lowered(node, images, &rewriting) {
                images.replace(id, with: lowered, &rewriting)
                rewriting.matched(node)
            } else {
                for name in node.dependencies { images.restore(name, &rewriting) }
            }
        }
        for output in rewriting.editor.graph.outputs { images.restore(output.name, &rewriting) }
    }
}

/// A node as it runs on NHWC images.
struct LoweredNode {
    var node: Node
    /// Operands that are images; the others stay as they are.
    var images: [Int]
    /// Whether the results are images in NHWC order; otherwise they are what they were before.
    var givesImages = true
    /// The only results that are images; nil where all are.
    var imageResults: [Int]?
}

/// Which values exist in NHWC order during the lowering, and under which names.
struct ImageTable {
    private var channelsLastNames: [String: String] = [:]
    /// Values that nothing makes in their own order any more.
    private var pending: Set<String> = []

    func isChannelsLast(_ name: String) -> Bool { channelsLastNames[name] != nil }

    /// Puts `lowered` where the node `id` was.
    mutating func replace(_ id: GraphEditor.NodeID, with lowered: LoweredNode, _ rewriting: inout Rewriting) {
        var node = lowered.node
        for index in node.inputs.indices where !node.inputs[index].isEmpty {
            if lowered.images.contains(index) {
                node.inputs[index] = channelsLast(node.inputs[index], &rewriting)
            } else {
                restore(node.inputs[index], &rewriting)
            }
        }
        if lowered.givesImages {
            for index in lowered.imageResults ?? Array(node.outputs.indices) where !node.outputs[index].isEmpty {
                node.outputs[index] = defineChannelsLast(node.outputs[index], &rewriting)
            }
        }
        rewriting.editor.replace(id, with: node)
    }

    /// Makes `name` exist in its own order, if it does not.
    mutating func restore(_ name: String, _ rewriting: inout Rewriting) {
        guard pending.remove(name) != nil, let source = channelsLastNames[name] else { return }
        rewriting.editor.insert(Node("ChannelsFirst", domain: "qtune", inputs: [source], outputs: [name]))
    }

    /// The name of `name` in NHWC order.
    private mutating func channelsLast(_ name: String, _ rewriting: inout Rewriting) -> String {
        if let known = channelsLastNames[name] { return known }
        if let constant = rewriting.editor.constant(name) {
            guard constant.count > 1 else { return name }
            let made = rewriting.editor.addInitializer(Self.rearranged(constant), named: "\(name)_nhwc")
            channelsLastNames[name] = made
            return made
        }
        let made = rewriting.editor.freshName("\(name)_nhwc")
        rewriting.editor.insert(Node("ChannelsLast", domain: "qtune", inputs: [name], outputs: [made]))
        declare(made, as: name, &rewriting)
        channelsLastNames[name] = made
        return made
    }

    private mutating func defineChannelsLast(_ name: String, _ rewriting: inout Rewriting) -> String {
        let made = rewriting.editor.freshName("\(name)_nhwc")
        declare(made, as: name, &rewriting)
        channelsLastNames[name] = made
        pending.insert(name)
        return made
    }

    private func declare(_ made: String, as name: String, _ rewriting: inout Rewriting) {
        let known = rewriting.value(name)
        let axes = known.dimensions.flatMap { ImageLayout.channelsLast.applied(to: $0) }
        rewriting.declare(made, .tensor(known.dtype, axes))
    }

    /// A constant that broadcasts with NCHW images, as it broadcasts with NHWC ones.
    private static func rearranged(_ constant: Tensor) -> Tensor {
        let lengths = [Int](repeating: 1, count: max(0, 4 - constant.shape.rank)) + constant.shape.dimensions
        guard let target = ImageLayout.channelsLast.applied(to: lengths) else { return constant }
        let source = constant.reshaped(to: Shape(lengths))
        return source.transposed(ImageLayout.channelsLast.permutation, to: Shape(target))
    }
}

extension ImageTable {
    /// Lets a Transpose between the two orders vanish, as converters from NHWC frameworks put them round every graph:
    /// NHWC to NCHW names its operand as the NHWC form of its result, and the way back is that form.
    mutating func bypassTransposition(
        _ id: GraphEditor.NodeID, _ node: Node, _ rewriting: inout Rewriting
    ) -> Bool {
        guard node.qualifiedType == "Transpose", node.inputs.count == 1, node.outputs.count == 1,
            let permutation = node.ints("perm")
        else { return false }
        let (input, output) = (node.inputs[0], node.outputs[0])
        if permutation == ImageLayout.channelsFirst.permutation, !pending.contains(input) {
            rewriting.editor.remove(id)
            channelsLastNames[output] = input
            pending.insert(output)
            return true
        }
        if permutation == ImageLayout.channelsLast.permutation, let known = channelsLastNames[input] {
            guard rewriting.editor.producer(of: known) != nil || !rewriting.editor.isOutput(output) else {
                return false
            }
            return rewriting.bypass(id, with: known)
        }
        return false
    }
}

extension Tensor {
    /// The elements with reordered axes, as `shape`. For constants of a graph, which are rewritten once.
    fileprivate func transposed(_ permutation: [Int], to shape: Shape) -> Tensor {
        let result = Tensor(uninitialized: dtype, shape: shape)
        let strides = self.shape.strides
        let width = dtype.bitWidth / 8
        withBytes { source in
            result.withMutableBytes { target in
                for index in 0..<shape.elementCount {
                    var (rest, offset) = (index, 0)
                    for axis in permutation.indices.reversed() {
                        offset += rest % shape[axis] * strides[permutation[axis]]
                        rest /= shape[axis]
                    }
                    for byte in 0..<width { target[index * width + byte] = source[offset * width + byte] }
                }
            }
        }
        return result
    }
}
