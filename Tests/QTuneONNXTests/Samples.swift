import QTuneGraph
import QTuneTensor

/// Models for the tests, made in Swift.
enum Samples {
    /// y = Identity(x).
    static func identity() -> Model {
        let node = Node("Identity", inputs: ["x"], outputs: ["y"])
        let graph = Graph(
            name: "g", inputs: [ValueInfo("x", .tensor(.float32, [.fixed(2)]))],
            outputs: [ValueInfo("y", .tensor(.float32, [.fixed(2)]))], nodes: [node])
        return Model(graph: graph, opsets: ["": 13])
    }

    /// A tensor whose bytes count up (0 and 1 in turn for bool).
    static func tensor(_ dtype: DType, _ shape: Shape) -> Tensor {
        guard dtype != .string else {
            return Tensor(strings: (0..<shape.elementCount).map { $0 % 3 == 0 ? "" : "é\($0)" }, shape: shape)
        }
        let tensor = Tensor(zeros: dtype, shape: shape)
        tensor.withMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: dtype == .bool ? index & 1 : index) }
        }
        return tensor
    }

    /// An attribute of every kind, with awkward values.
    static let attributes: [(String, Attribute)] = {
        let inner = Graph(
            name: "inner", outputs: [ValueInfo("r")],
            nodes: [Node("Relu", domain: "example.org", inputs: ["x"], outputs: ["r"])])
        let sparse = SparseTensor(values: Tensor([Float(1)]), indices: Tensor([Int64(5)]), dimensions: [6])
        return [
            ("zero", .float(0)), ("negativeZero", .float(-0.0)), ("int", .int(.min)), ("intZero", .int(0)),
            ("string", .string("text")), ("empty", .string("")), ("bytes", .string([0, 255, 128, 0])),
            ("tensor", .tensor(tensor(.float32, [2, 3]))), ("large", .tensor(tensor(.int8, [5000]))),
            ("graph", .graph(inner)), ("sparse", .sparseTensor(sparse)),
            ("type", .type(.sequence(.tensor(.float32, nil)))),
            ("floats", .floats([1, -0.0, .infinity])), ("noFloats", .floats([])), ("ints", .ints([0, -1, .max])),
            ("noInts", .ints([])), ("strings", .strings([[], [1, 0], Array("é".utf8)])), ("noStrings", .strings([])),
            ("tensors", .tensors([tensor(.int64, []), tensor(.uint4, [3])])), ("graphs", .graphs([inner, inner])),
            ("sparses", .sparseTensors([sparse])), ("types", .types([.optional(nil), .tensor(.bool, [])])),
            ("reference", .reference(name: "alpha", kind: 1)),
        ]
    }()

    /// Sub-graphs that capture outer values, a function, several domains, metadata, annotations, weights.
    static func rich() -> Model {
        let then = Graph(name: "then", outputs: [ValueInfo("t")], nodes: [Node("Relu", inputs: ["h"], outputs: ["t"])])
        var otherwise = Graph(
            name: "else", outputs: [ValueInfo("e")], nodes: [Node("Add", inputs: ["h", "one"], outputs: ["e"])])
        otherwise.initializers["one"] = Tensor(scalar: Float(1))
        var scaled = Node("Scale", domain: "example.org", name: "scale", inputs: ["x", "w"], outputs: ["h"])
        scaled.attributes["alpha"] = .float(0.5)
        scaled.overload = "float"
        scaled.documentation = "documentation"
        scaled.metadata = ["k": "v", "a": ""]
        let choice = Node(
            "If", name: "choice", inputs: ["flag"], outputs: ["y"],
            attributes: ["then_branch": .graph(then), "else_branch": .graph(otherwise)])
        var graph = Graph(
            name: "main",
            inputs: [
                ValueInfo("x", .tensor(.float32, [.symbolic("n"), .fixed(4)])), ValueInfo("flag", .tensor(.bool, [])),
            ],
            outputs: [ValueInfo("y", .tensor(.float32, [.symbolic("n"), .fixed(4)]))],
            initializers: ["w": tensor(.float32, [4, 600]), "unused": Tensor(scalar: Int8(3))], nodes: [scaled, choice])
        graph.valueInfo = ["h": ValueInfo("h", .tensor(.float32, nil))]
        graph.documentation = "a graph"
        graph.metadata = ["g": "1"]
        graph.quantizationAnnotations = ["h": ["SCALE_TENSOR": "s", "ZERO_POINT_TENSOR": "z"], "x": [:]]
        var model = Model(graph: graph, opsets: ["": 18, "example.org": 1, "com.microsoft": 1], irVersion: 10)
        model.producerName = "tests"
        model.producerVersion = "1.0"
        model.domain = "org.example"
        model.modelVersion = -7
        model.documentation = "a model"
        model.metadata = ["author": "é", "licence": ""]
        model.functions = [scale()]
        return model
    }

    private static func scale() -> Function {
        let constant = Node(
            "Constant", inputs: [], outputs: ["c"], attributes: ["value_float": .reference(name: "alpha", kind: 1)])
        let product = Node("Mul", inputs: ["a", "c"], outputs: ["p"])
        var function = Function(
            name: "Scale", domain: "example.org", inputs: ["a", "b"], outputs: ["p"], nodes: [constant, product],
            opsets: ["": 18])
        function.overload = "float"
        function.attributes = ["beta"]
        function.attributeDefaults = ["alpha": .float(2)]
        function.valueInfo = ["p": ValueInfo("p", .tensor(.float32, nil))]
        function.documentation = "a function"
        function.metadata = ["m": "n"]
        return function
    }
}
