internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Finds GELU where exporters write it as several nodes, with erf or by its approximation with tanh, and where nodes
/// add a bias first.
struct GeluRecognition: Pass {
    let name = "recognise-gelu"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id] else { continue }
            switch node.qualifiedType {
            case "Mul", "Div":
                guard let (activation, x) = Self.gelu(node, rewriting) else { continue }
                guard rewriting.value(x).dtype == .float32 else {
                    rewriting.refuse(node, "its operand is not known to be float32")
                    continue
                }
                rewriting.editor.replace(id, with: Activate.node(activation, x, in: node))
                rewriting.matched(node)
            case "com.microsoft.BiasGelu": split(id, node, .gelu, &rewriting)
            case "com.microsoft.FastGelu" where node.inputs.count == 2: split(id, node, .geluTanh, &rewriting)
            default: break
            }
        }
    }

    /// Makes a sum, which a product before it can take over, and the activation.
    private func split(
        _ id: GraphEditor.NodeID, _ node: Node, _ activation: Activation, _ rewriting: inout Rewriting
    ) {
        let input = rewriting.value(node.inputs[0])
        guard input.dtype == .float32, rewriting.isRow(node.inputs[1], of: input) else {
            return rewriting.refuse(node, "it does not add a constant row to float32")
        }
        let sum = rewriting.editor.freshName("\(node.outputs[0])_sum")
        rewriting.editor.replace(id, with: Activate.node(activation, sum, in: node))
        rewriting.editor.insert(Node("Add", inputs: node.inputs, outputs: [sum]))
        rewriting.declare(sum, input)
        rewriting.matched(node)
    }

    /// The function of `x` that a product computes: x * (1 + gate(x)) * 0.5 with the factors in any order.
    private static func gelu(_ node: Node, _ rewriting: Rewriting) -> (Activation, String)? {
        guard let (values, constant) = factors(of: node, rewriting), constant == 0.5, values.count == 2 else {
            return nil
        }
        for (x, gate) in [(0, 1), (1, 0)] {
            let name = values[x]
            guard rewriting.value(name).rank != 0, let (_, sum) = rewriting.sole(["Add"], making: values[gate]),
                let function = rewriting.operand(of: sum, besides: 1),
                let (_, made) = rewriting.sole(["Erf", "Tanh"], making: function)
            else { continue }
            let inner = made.inputs[0]
            if made.opType == "Erf", isMultiple(inner, of: name, by: Float(0.5).squareRoot(), rewriting) {
                return (.gelu, name)
            }
            if made.opType == "Tanh", isCubicInner(inner, of: name, rewriting) { return (.geluTanh, name) }
        }
        return nil
    }

    /// The operands of a product of two or three, and its one constant. Division by 2 counts as a factor.
    private static func factors(of node: Node, _ rewriting: Rewriting) -> (values: [String], constant: Float)? {
        guard node.inputs.count == 2 else { return nil }
        var constant: Float?
        var names: [String] = []
        func collect(_ name: String) {
            if let number = rewriting.scalar(name) { constant = (constant ?? 1) * number } else { names.append(name) }
        }
        var pending = node.inputs
        if node.opType == "Div" {
            guard let divisor = rewriting.scalar(node.inputs[1]), divisor != 0 else { return nil }
            constant = 1 / divisor
            pending = [node.inputs[0]]
        }
        var isSplit = false
        for name in pending {
            if !isSplit, let (_, inner) = rewriting.sole(["Mul"], making: name), inner.inputs.count == 2 {
                isSplit = true
                inner.inputs.forEach(collect)
            } else {
                collect(name)
            }
        }
        return constant.map { (names, $0) }
    }

    /// Whether `name` is `factor * value`, written as a product or a division.
    private static func isMultiple(
        _ name: String, of value: String, by factor: Float, _ rewriting: Rewriting
    ) -> Bool {
        guard let (_, node) = rewriting.sole(["Mul", "Div"], making: name), node.inputs.count == 2 else { return false }
        let pairs = node.opType == "Div" ? [(0, 1)] : [(0, 1), (1, 0)]
        return pairs.contains { x, constant in
            guard node.inputs[x] == value, let number = rewriting.scalar(node.inputs[constant]) else { return false }
            return abs((node.opType == "Div" ? 1 / number : number) - factor) < 1e-4 * factor
        }
    }

    /// Whether `name` is sqrt(2 / pi) * (x + 0.044715 * x^3).
    private static func isCubicInner(_ name: String, of x: String, _ rewriting: Rewriting) -> Bool {
        guard let (_, scaled) = rewriting.sole(["Mul"], making: name),
            let constant = scaled.inputs.firstIndex(where: { rewriting.scalar($0) != nil }),
            let root = rewriting.scalar(scaled.inputs[constant]), abs(root - 0.797_884_56) < 1e-4
        else { return false }
        let inner = scaled.inputs[1 - constant]
        // x * (1 + 0.044715 * x^2), as some write it.
        if let (_, product) = rewriting.sole(["Mul"], making: inner),
            let other = product.inputs.first(where: { $0 != x }), product.inputs.contains(x),
            let (_, sum) = rewriting.sole(["Add"], making: other), let term = rewriting.operand(of: sum, besides: 1)
        {
            return isPower(term, 2, of: x, factor: 0.044715, rewriting)
        }
        guard let (_, sum) = rewriting.sole(["Add"], making: inner), let term = sum.inputs.first(where: { $0 != x }),
            sum.inputs.contains(x)
        else { return false }
        return isPower(term, 3, of: x, factor: 0.044715, rewriting)
    }

    /// Whether `name` is `factor * x^exponent`, as a power or a product of any order.
    private static func isPower(
        _ name: String, _ exponent: Int, of x: String, factor: Float, _ rewriting: Rewriting
    ) -> Bool {
        var (count, product) = (0, Float(1))
        var pending = [name]
        while let value = pending.popLast() {
            if value == x {
                count += 1
            } else if let number = rewriting.scalar(value) {
                product *= number
            } else if let id = rewriting.editor.producer(of: value), let node = rewriting.editor[id],
                node.inputs.count == 2, count + pending.count < 8
            {
                if node.qualifiedType == "Mul" {
                    pending += node.inputs
                } else if node.qualifiedType == "Pow", node.inputs[0] == x,
                    let power = rewriting.scalar(node.inputs[1]), power == 2 || power == 3
                {
                    count += Int(power)
                } else {
                    return false
                }
            } else {
                return false
            }
        }
        return count == exponent && abs(product - factor) < 1e-5
    }
}
