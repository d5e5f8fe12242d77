package import QTuneGraph
package import QTuneTensor

/// Builds graphs from expressions, so that a test reads like the formula it tests:
///
///     let g = GraphBuilder()
///     let x = g.input("x", [1, 3, 8, 8])
///     let y = g("Relu", g("Conv", x, g.constant(weights)) + x)
///     let model = g.model(outputs: ["y": y])
package final class GraphBuilder {
    /// A value of the graph under construction.
    package struct Expression {
        package let name: String
        fileprivate let builder: GraphBuilder
    }

    private var inputs: [ValueInfo] = []
    private var nodes: [Node] = []
    private var initializers: [String: Tensor] = [:]
    private var counter = 0

    package init() {}

    /// A float32 input of known lengths.
    package func input(_ name: String, _ dimensions: [Int]) -> Expression { input(name, .float32, dimensions) }

    /// An input of known lengths.
    package func input(_ name: String, _ dtype: DType, _ dimensions: [Int]) -> Expression {
        input(name, dtype, dimensions: dimensions.map(Dimension.fixed))
    }

    /// An input of which some lengths may be open.
    package func input(_ name: String, _ dtype: DType = .float32, dimensions: [Dimension]?) -> Expression {
        inputs.append(ValueInfo(name, .tensor(dtype, dimensions)))
        return Expression(name: name, builder: self)
    }

    /// A constant.
    package func constant(_ tensor: Tensor, named name: String? = nil) -> Expression {
        let name = name ?? fresh("c")
        initializers[name] = tensor
        return Expression(name: name, builder: self)
    }

    /// A float32 scalar constant.
    package func constant(_ value: Float) -> Expression { constant(Tensor(scalar: value)) }

    /// An operand left out.
    package var omitted: Expression { Expression(name: "", builder: self) }

    /// A value that an enclosing graph or a later step defines.
    package func value(named name: String) -> Expression { Expression(name: name, builder: self) }

    /// A node with one result. The operator may carry its domain: `com.microsoft.QLinearAdd`.
    package func callAsFunction(
        _ type: String, _ operands: Expression..., named name: String? = nil, attributes: [String: Attribute] = [:]
    ) -> Expression {
        apply(type, operands, results: [name], attributes: attributes)[0]
    }

    /// A node with as many results as there are names; nil makes a name up.
    package func apply(
        _ type: String, _ operands: [Expression], results: [String?], attributes: [String: Attribute] = [:]
    ) -> [Expression] {
        let split = type.lastIndex(of: ".")
        let domain = split.map { String(type[..<$0]) } ?? ""
        let opType = split.map { String(type[type.index(after: $0)...]) } ?? type
        let outputs = results.map { $0 ?? fresh(opType.lowercased()) }
        nodes.append(
            Node(
                opType, domain: domain, name: fresh(opType), inputs: operands.map(\.name), outputs: outputs,
                attributes: attributes))
        return outputs.map { Expression(name: $0, builder: self) }
    }

    /// The graph that gives `outputs`, in this order.
    package func graph(_ outputs: [Expression]) -> Graph {
        Graph(
            name: "test", inputs: inputs, outputs: outputs.map { ValueInfo($0.name) }, initializers: initializers,
            nodes: nodes)
    }

    /// A model of that graph.
    package func model(_ outputs: Expression..., opset: Int = 21) -> Model {
        Model(graph: graph(outputs), opsets: ["": opset, "com.microsoft": 1])
    }

    private func fresh(_ base: String) -> String {
        counter += 1
        return "\(base)\(counter)"
    }
}

extension GraphBuilder.Expression {
    package static func + (a: Self, b: Self) -> Self { a.builder("Add", a, b) }
    package static func - (a: Self, b: Self) -> Self { a.builder("Sub", a, b) }
    package static func * (a: Self, b: Self) -> Self { a.builder("Mul", a, b) }
    package static func / (a: Self, b: Self) -> Self { a.builder("Div", a, b) }
    package static func + (a: Self, b: Float) -> Self { a + a.builder.constant(b) }
    package static func * (a: Self, b: Float) -> Self { a * a.builder.constant(b) }
}
