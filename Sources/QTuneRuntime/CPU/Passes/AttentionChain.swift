internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// The nodes of one attention.
struct AttentionChain {
    struct Refusal: Error {
        let reason: String
    }

    private typealias Found = (id: GraphEditor.NodeID, node: Node)

    /// What is added to the scores or stands for them.
    private enum Mask {
        case addend(String)
        /// Where `condition` equals `keeps` scores stay; `number` stands for the others.
        case selection(condition: String, keeps: Bool, number: String)
    }

    private let rank: Int
    private let queries: AttentionOperand
    private let keys: AttentionOperand
    private let values: AttentionOperand
    private let scale: Double
    private let mask: Mask?
    /// The last node, which becomes the attention, and how it transposes.
    private let last: Found
    private let outputPermutation: [Int]
    private let replaced: [GraphEditor.NodeID]

    /// Nil where the softmax stands between no two products; throws where it does, but not as the operator needs it.
    init?(softmax id: GraphEditor.NodeID, _ softmax: Node, _ rewriting: Rewriting) throws {
        let probabilities = softmax.outputs[0]
        guard let productID = rewriting.editor.soleConsumer(of: probabilities),
            let product = rewriting.editor[productID], product.qualifiedType == "MatMul",
            product.inputs[0] == probabilities, product.inputs[1] != probabilities
        else { return nil }
        guard let scores = try Self.scores(softmax.inputs[0], rewriting) else { return nil }
        guard let rank = rewriting.value(scores.product.node.outputs[0]).rank, rank == 3 || rank == 4,
            ([softmax.inputs[0], product.inputs[1]] + scores.product.node.inputs).allSatisfy({
                rewriting.value($0).rank == rank && rewriting.value($0).dtype == .float32
            })
        else { throw Refusal(reason: "its operands are not known to be float32 of three or four axes") }
        let axis = softmax.int("axis") ?? (rewriting.opsets[""] ?? 1 >= 13 ? -1 : 1)
        guard axis == -1 || axis == Int64(rank) - 1 else { throw Refusal(reason: "the softmax is not over the keys") }
        if let name = scores.mask.map(Self.operand) {
            guard let maskRank = rewriting.value(name).rank, maskRank <= rank else {
                throw Refusal(reason: "the axes of its mask are not known")
            }
        }
        self.rank = rank
        queries = AttentionOperand(scores.product.node.inputs[0], rank: rank, rewriting)
        keys = AttentionOperand(scores.product.node.inputs[1], rank: rank, isExchanged: true, rewriting)
        values = AttentionOperand(product.inputs[1], rank: rank, takesFactors: false, rewriting)
        scale = scores.factor * queries.factor * keys.factor
        mask = scores.mask
        let inner = scores.nodes.map(\.id) + [id]
        if let next = rewriting.editor.soleConsumer(of: product.outputs[0]), let transpose = rewriting.editor[next],
            transpose.qualifiedType == "Transpose", let axes = transpose.ints("perm"), axes.count == rank,
            axes[rank - 1] == rank - 1
        {
            (last, outputPermutation) = ((next, transpose), axes)
            replaced = inner + [productID]
        } else {
            (last, outputPermutation) = ((productID, product), Array(0..<rank))
            replaced = inner
        }
    }

    /// The product behind the operand of a softmax, and what is done to it before: a factor, then a mask.
    private static func scores(
        _ name: String, _ rewriting: Rewriting
    ) throws -> (product: Found, factor: Double, mask: Mask?, nodes: [Found])? {
        guard let made = rewriting.sole(["MatMul", "Mul", "Div", "Add", "Where"], making: name) else { return nil }
        let node = made.node
        switch node.opType {
        case "MatMul": return (made, 1, nil, [made])
        case "Mul", "Div":
            guard let (inner, factor) = scaled(node, rewriting), let rest = try scores(inner, rewriting) else {
                return nil
            }
            guard rest.mask == nil || factor == 1 else { throw Refusal(reason: "the mask is multiplied too") }
            return (rest.product, rest.factor * factor, rest.mask, rest.nodes + [made])
        case "Add":
            for (inner, addend) in [(0, 1), (1, 0)] where node.inputs.count == 2 {
                guard node.inputs[0] != node.inputs[1], let rest = try scores(node.inputs[inner], rewriting) else {
                    continue
                }
                guard rest.mask == nil else { throw Refusal(reason: "there are two masks") }
                guard rewriting.value(node.inputs[addend]).dtype == .float32 else {
                    throw Refusal(reason: "the mask is not known to be float32")
                }
                return (rest.product, rest.factor, .addend(node.inputs[addend]), rest.nodes + [made])
            }
            return nil
        default:
            for (inner, number) in [(1, 2), (2, 1)] {
                guard let rank = rewriting.value(node.outputs[0]).rank,
                    let value = rewriting.scalar(node.inputs[number], besideRank: rank),
                    let rest = try scores(node.inputs[inner], rewriting)
                else { continue }
                guard rest.mask == nil else { throw Refusal(reason: "there are two masks") }
                guard value != 0 else { throw Refusal(reason: "0 stands for scores that are hidden") }
                let mask = Mask.selection(
                    condition: node.inputs[0], keeps: inner == 1, number: node.inputs[number])
                return (rest.product, rest.factor, mask, rest.nodes + [made])
            }
            return nil
        }
    }

    /// The operand of a product or quotient with a constant number, and that number as a factor.
    static func scaled(_ node: Node, _ rewriting: Rewriting) -> (operand: String, factor: Double)? {
        guard node.inputs.count == 2, let rank = rewriting.value(node.outputs[0]).rank else { return nil }
        if let number = rewriting.scalar(node.inputs[1], besideRank: rank) {
            guard node.opType == "Div" else { return (node.inputs[0], Double(number)) }
            return number == 0 ? nil : (node.inputs[0], 1 / Double(number))
        }
        guard node.opType == "Mul", let number = rewriting.scalar(node.inputs[0], besideRank: rank) else { return nil }
        return (node.inputs[1], Double(number))
    }

    private static func operand(of mask: Mask) -> String {
        switch mask {
        case .addend(let name): name
        case .selection(let condition, _, _): condition
        }
    }

    func replace(_ rewriting: inout Rewriting) {
        var attributes: [String: Attribute] = [
            "output_perm": .ints(outputPermutation.map(Int64.init)), "scale": .float(Float(scale)),
        ]
        var inputs: [String] = []
        for (name, operand) in [("query_perm", queries), ("key_perm", keys), ("value_perm", values)] {
            inputs.append(operand.inserted(into: &rewriting))
            attributes[name] = .ints(operand.permutation.map(Int64.init))
        }
        switch mask {
        case nil: break
        case .addend(let name): inputs.append(name)
        case .selection(let condition, let keeps, let number):
            let zero = rewriting.editor.addInitializer(Tensor(scalar: Float(0)), named: "\(last.node.outputs[0])_zero")
            let name = rewriting.editor.freshName("\(last.node.outputs[0])_mask")
            rewriting.editor.insert(
                Node("Where", inputs: [condition] + (keeps ? [zero, number] : [number, zero]), outputs: [name]))
            rewriting.declare(name, .tensor(.float32, rewriting.value(condition).dimensions))
            inputs.append(name)
            attributes["mask_replaces"] = .int(1)
        }
        for id in replaced { rewriting.editor.remove(id) }
        rewriting.editor.replace(
            last.id,
            with: Node(
                HeadAttention.name, domain: HeadAttention.domain, name: last.node.name, inputs: inputs,
                outputs: last.node.outputs, attributes: attributes))
    }
}
