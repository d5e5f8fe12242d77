internal import QTuneGraph
internal import QTuneTensor

/// Networks in float16 as networks in float32, which quantization works on. Inputs and outputs keep their type.
enum HalfPrecision {
    /// Whether the model computes in float16 anywhere.
    static func occurs(in model: Model) -> Bool {
        model.graph.initializers.values.contains { $0.dtype == .float16 }
            || (model.graph.inputs + model.graph.outputs).contains { $0.type?.dtype == .float16 }
    }

    /// The model with float32 in the place of float16, and a Cast at each input and output that is float16.
    static func widened(_ model: Model) throws -> Model {
        guard model.functions.isEmpty, model.graph.nodes.allSatisfy({ $0.subgraphs.isEmpty }) else {
            throw QTuneError(.unsupported, "float16 in a model with sub-graphs or functions of its own")
        }
        var graph = model.graph
        graph.initializers = graph.initializers.mapValues(widened)
        graph.nodes = graph.nodes.map { node in
            var node = node
            node.attributes = node.attributes.mapValues { attribute in
                if case .tensor(let tensor) = attribute { return .tensor(widened(tensor)) }
                return attribute
            }
            if ["Cast", "EyeLike", "RandomNormal", "RandomUniform"].contains(node.opType) {
                for name in ["to", "dtype"] where node.attributes[name] == typeNumber(.float16) {
                    node.attributes[name] = typeNumber(.float32)
                }
            }
            return node
        }
        var editor = GraphEditor(graph)
        let constants = Set(graph.initializers.keys)
        for input in graph.inputs where input.type?.dtype == .float16 && !constants.contains(input.name) {
            let wide = editor.freshName("\(input.name)_f32")
            editor.replaceUses(of: input.name, with: wide)
            editor.insert(cast(input.name, to: wide, .float32))
        }
        for output in graph.outputs where output.type?.dtype == .float16 {
            guard let producer = editor.producer(of: output.name), var node = editor[producer] else { continue }
            let wide = editor.freshName("\(output.name)_f32")
            node.outputs = node.outputs.map { $0 == output.name ? wide : $0 }
            editor.replace(producer, with: node)
            editor.replaceUses(of: output.name, with: wide)
            editor.insert(cast(wide, to: output.name, .float16))
        }
        var result = model
        result.graph = try editor.finish()
        result.graph.valueInfo = [:]
        return result
    }

    private static func cast(_ source: String, to target: String, _ dtype: DType) -> Node {
        Node("Cast", inputs: [source], outputs: [target], attributes: ["to": typeNumber(dtype)])
    }

    private static func typeNumber(_ dtype: DType) -> Attribute { .int(Int64(dtype.rawValue)) }

    private static func widened(_ tensor: Tensor) -> Tensor {
        guard tensor.dtype == .float16 else { return tensor }
        return Tensor(tensor.array(of: Float16.self).map { Float($0) }, shape: tensor.shape)
    }
}
