internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// A normalization of rows as several nodes: `d / sqrt(mean(d^2) + epsilon)`, with `d = x - mean(x)` or `d = x`, then
/// most often a product with constant factors and a sum with constant addends.
struct NormalizationChain {
    private let input: String
    private let epsilon: Float
    private let centers: Bool
    /// What is left out once the kernel does all, the last one first.
    private var replaced: [(id: GraphEditor.NodeID, node: Node)]
    /// Values with several users, and which nodes may use them.
    private var shared: [(value: String, users: Set<GraphEditor.NodeID>)] = []
    private var scale = ""
    private var shift = ""

    /// Nil where `quotient` ends no such chain.
    init?(quotient id: GraphEditor.NodeID, _ node: Node, _ rewriting: Rewriting) {
        guard let (dividend, root) = Self.split(node, rewriting),
            let (sumName, rootNodes) = Self.radicand(root, rewriting),
            let (sumID, sum) = rewriting.sole(["Add"], making: sumName), sum.inputs.count == 2
        else { return nil }
        guard let constant = sum.inputs.firstIndex(where: { rewriting.scalar($0) != nil }),
            let epsilon = rewriting.scalar(sum.inputs[constant]),
            let (meanID, mean) = rewriting.sole(["ReduceMean"], making: sum.inputs[1 - constant]),
            let (squareID, square) = rewriting.sole(["Pow", "Mul"], making: mean.inputs[0])
        else { return nil }
        guard Self.isOverRows(mean, rewriting), let base = Self.squared(square, rewriting) else { return nil }
        self.epsilon = epsilon
        replaced = [(id, node)] + rootNodes + [(sumID, sum), (meanID, mean), (squareID, square)]
        if let centred = Self.centred(dividend, rewriting), let twin = Self.centred(base, rewriting),
            centred.input == twin.input
        {
            (input, centers) = (centred.input, true)
            replaced += centred.id == twin.id ? [centred.nodes[0]] : [centred.nodes[0], twin.nodes[0]]
            shared = [(dividend, [id, squareID]), (base, [id, squareID])]
            for nodes in [centred.nodes, twin.nodes] {
                if !replaced.contains(where: { $0.id == nodes[1].id }) { replaced.append(nodes[1]) }
                shared.append((nodes[1].node.outputs[0], [centred.id, twin.id]))
            }
        } else {
            guard base == dividend else { return nil }
            (input, centers) = (dividend, false)
        }
        takeParameters(after: node, rewriting)
    }

    /// Why the chain stays as it is; nil where the kernel can do it.
    func refusal(_ rewriting: Rewriting) -> String? {
        let value = rewriting.value(input)
        guard value.dtype == .float32, value.rank ?? 0 > 0 else { return "its operand is not known to be float32" }
        for (name, users) in shared {
            if rewriting.editor.isOutput(name) || !users.isSuperset(of: rewriting.editor.consumers(of: name)) {
                return "an inner value is used elsewhere, or given out"
            }
        }
        return nil
    }

    func replace(_ rewriting: inout Rewriting) {
        guard let last = replaced.first else { return }
        for (id, _) in replaced.dropFirst() { rewriting.editor.remove(id) }
        rewriting.editor.replace(
            last.id,
            with: NormalizationRecognition.node(
                named: last.node.name, [input, scale, shift], to: last.node.outputs[0], epsilon: epsilon,
                centers: centers))
    }

    /// Lets the kernel multiply and add where constant rows follow.
    private mutating func takeParameters(after node: Node, _ rewriting: Rewriting) {
        let value = rewriting.value(input)
        func follower(_ type: String, of name: String) -> (id: GraphEditor.NodeID, node: Node, row: String)? {
            guard let id = rewriting.editor.soleConsumer(of: name), let next = rewriting.editor[id],
                next.qualifiedType == type, next.inputs.count == 2,
                let row = next.inputs.first(where: { $0 != name }), rewriting.isRow(row, of: value)
            else { return nil }
            return (id, next, row)
        }
        var end = node.outputs[0]
        if let product = follower("Mul", of: end) {
            scale = product.row
            replaced.insert((product.id, product.node), at: 0)
            end = product.node.outputs[0]
        }
        if let sum = follower("Add", of: end) {
            shift = sum.row
            replaced.insert((sum.id, sum.node), at: 0)
        }
    }
}

extension NormalizationChain {
    private typealias Found = (id: GraphEditor.NodeID, node: Node)

    /// What is divided, and the value that it is divided by, or multiplied with where the node is a product.
    private static func split(_ node: Node, _ rewriting: Rewriting) -> (dividend: String, root: Divisor)? {
        guard node.inputs.count == 2 else { return nil }
        if node.opType == "Div" { return (node.inputs[0], .root(node.inputs[1])) }
        for (factor, other) in [(1, 0), (0, 1)] {
            guard let made = rewriting.sole(["Reciprocal", "Div", "Pow"], making: node.inputs[factor]) else { continue }
            switch made.node.opType {
            case "Reciprocal": return (node.inputs[other], .inverse(made, root: made.node.inputs[0]))
            case "Div" where rewriting.scalar(made.node.inputs[0]) == 1:
                return (node.inputs[other], .inverse(made, root: made.node.inputs[1]))
            case "Pow" where rewriting.scalar(made.node.inputs[1]) == -0.5:
                return (node.inputs[other], .power(made))
            default: continue
            }
        }
        return nil
    }

    /// How a chain divides by the root.
    private enum Divisor {
        case root(String)
        case inverse(Found, root: String)
        case power(Found)
    }

    /// What the root is taken of, and the nodes that do it.
    private static func radicand(_ divisor: Divisor, _ rewriting: Rewriting) -> (value: String, nodes: [Found])? {
        switch divisor {
        case .power(let power): return (power.node.inputs[0], [power])
        case .inverse(let inverse, let root):
            return radicand(.root(root), rewriting).map { ($0.value, [inverse] + $0.nodes) }
        case .root(let name):
            guard let root = rewriting.sole(["Sqrt", "Pow"], making: name) else { return nil }
            guard root.node.opType == "Sqrt" || rewriting.scalar(root.node.inputs[1]) == 0.5 else { return nil }
            return (root.node.inputs[0], [root])
        }
    }

    /// Whether a mean is that of the last axis, which stays as an axis of length 1.
    private static func isOverRows(_ mean: Node, _ rewriting: Rewriting) -> Bool {
        guard mean.int("keepdims") ?? 1 != 0, let rank = rewriting.value(mean.inputs[0]).rank else { return false }
        let axes = mean.ints("axes") ?? rewriting.constant(mean, 1)?.integers
        return axes == [-1] || axes == [rank - 1]
    }

    /// What a node squares.
    private static func squared(_ node: Node, _ rewriting: Rewriting) -> String? {
        guard node.inputs.count == 2 else { return nil }
        if node.opType == "Mul" { return node.inputs[0] == node.inputs[1] ? node.inputs[0] : nil }
        return rewriting.scalar(node.inputs[1]) == 2 ? node.inputs[0] : nil
    }

    /// The value of which `name` is the distance to its mean; the nodes are the difference and the mean.
    private static func centred(
        _ name: String, _ rewriting: Rewriting
    ) -> (input: String, id: GraphEditor.NodeID, nodes: [Found])? {
        guard let id = rewriting.editor.producer(of: name), let difference = rewriting.editor[id],
            difference.qualifiedType == "Sub", difference.inputs.count == 2,
            let meanID = rewriting.editor.producer(of: difference.inputs[1]), let mean = rewriting.editor[meanID],
            mean.qualifiedType == "ReduceMean", mean.inputs[0] == difference.inputs[0], isOverRows(mean, rewriting)
        else { return nil }
        return (difference.inputs[0], id, [(id, difference), (meanID, mean)])
    }
}
