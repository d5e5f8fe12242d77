internal import QTuneGraph
internal import QTuneTensor

/// Writes a recipe into a graph with integer weights and activations that are quantized while the network runs.
struct DynamicRewriter {
    private struct DynamicOperand {
        var integers: String
        var scale: String
        var zeroPoint: String
    }

    private let source: Model
    private let structure: GraphStructure
    private let recipe: Recipe
    private let cache: WeightCache
    private var editor: GraphEditor
    private var pool = ConstantPool()
    private var lookups: LookupRewriter
    private var operands: [String: DynamicOperand] = [:]
    private var notes: [QuantizationNote] = []

    init(_ model: Model, structure: GraphStructure, recipe: Recipe, weights: WeightCache) {
        source = model
        self.structure = structure
        self.recipe = recipe
        cache = weights
        lookups = LookupRewriter(structure, recipe: recipe, weights: weights)
        editor = GraphEditor(model.graph)
    }

    mutating func rewrite() throws -> QuantizedModel {
        guard source.opset >= 11 else {
            throw QTuneError(
                .unsupported, "dynamic quantization needs operator set 11, the model has \(source.opset)",
                remedy: "prepare the model first")
        }
        var isChanged = lookups.hasWork
        let ids = editor.nodeIDs
        for (index, id) in ids.enumerated() {
            guard case .weighted(let operands) = structure.roles[index], let group = structure.groupOfNode[index],
                case let choice = recipe.choice(for: structure.groups[group].name), choice.precision == .int8
            else { continue }
            isChanged = try rewrite(id, operands, choice) || isChanged
        }
        notes += lookups.rewrite(ids, in: &editor, pool: &pool)
        guard isChanged else { return QuantizedModel(model: source, tensors: [:], notes: notes) }
        var model = source
        model.graph = try editor.finish()
        return QuantizedModel(model: model, tensors: [:], notes: notes)
    }

    private mutating func rewrite(
        _ id: GraphEditor.NodeID, _ weighted: WeightedOperands, _ choice: Recipe.ResolvedChoice
    ) throws -> Bool {
        guard let node = editor[id], let result = node.outputs.first,
            let weights = structure.context.floatConstant(node.inputs[weighted.weights])
        else { return false }
        guard node.opType != "ConvTranspose", node.opType != "Gemm" || isPlainGemm(node) else {
            notes.append(
                QuantizationNote(subject: node.label, message: "stays float32: it has no dynamic integer form"))
            return false
        }
        let axis = choice.granularity == .channel ? weighted.channelAxis : nil
        let name = node.inputs[weighted.weights]
        let key = WeightCache.Key(name: name, dtype: recipe.weightType, axis: axis, scale: choice.weightScale)
        var quantized = try cache.weights(key) {
            try WeightQuantizer.requireFinite(weights, named: name)
            return WeightQuantizer.quantize(weights, dtype: key.dtype, axis: axis, scale: key.scale)
        }
        if node.opType == "Gemm", isTransposed(node) {
            quantized = QuantizedWeights(values: quantized.values.transposedMatrix(), parameters: quantized.parameters)
        }
        let operand = dynamicOperand(node.inputs[weighted.data])
        let integers = editor.addInitializer(quantized.values, named: "\(name)_q")
        var inputs = [operand.integers, integers, operand.zeroPoint]
        if quantized.parameters.zeroPoints.contains(where: { $0 != 0 }) {
            inputs.append(
                pool.zeroPoint(
                    quantized.parameters.zeroPoints, dtype: recipe.weightType, isScalar: axis == nil, in: &editor))
        }
        editor.remove(id)
        let isConvolution = node.opType == "Conv"
        let accumulator = editor.freshName("\(result)_i")
        editor.insert(
            Node(
                isConvolution ? "ConvInteger" : "MatMulInteger", inputs: inputs, outputs: [accumulator],
                attributes: isConvolution ? node.attributes : [:]))
        let trailing = isConvolution ? weights.shape.rank - 2 : 0
        finish(accumulator, operand: operand, parameters: quantized.parameters, node: node, trailing: trailing)
        return true
    }

    /// Turns the int32 `accumulator` into the float result of `node`.
    private mutating func finish(
        _ accumulator: String, operand: DynamicOperand, parameters: QuantizationParameters, node: Node, trailing: Int
    ) {
        guard let result = node.outputs.first else { return }
        let real = editor.freshName("\(result)_f")
        editor.insert(
            Node(
                "Cast", inputs: [accumulator], outputs: [real], attributes: ["to": .int(Int64(DType.float32.rawValue))])
        )
        let isScalar = parameters.axis == nil
        let ones = [Int](repeating: 1, count: trailing)
        let shape: Shape = isScalar ? .scalar : Shape([parameters.scales.count] + ones)
        let scale = editor.addInitializer(Tensor(parameters.scales, shape: shape), named: "\(result)_s")
        let factor = editor.freshName("\(result)_m")
        editor.insert(Node("Mul", inputs: [operand.scale, scale], outputs: [factor]))
        let biasName = node.inputs.count > 2 ? node.inputs[2] : ""
        guard !biasName.isEmpty, let bias = structure.context.floatConstant(biasName) else {
            editor.insert(Node("Mul", inputs: [real, factor], outputs: [result]))
            return
        }
        let scaled = editor.freshName("\(result)_b")
        editor.insert(Node("Mul", inputs: [real, factor], outputs: [scaled]))
        let spread =
            trailing == 0
            ? biasName
            : editor.addInitializer(
                bias.reshaped(to: Shape([bias.count] + ones)), named: biasName)
        editor.insert(Node("Add", inputs: [scaled, spread], outputs: [result]))
    }

    /// DynamicQuantizeLinear of `value`, one for all its users.
    private mutating func dynamicOperand(_ value: String) -> DynamicOperand {
        if let known = operands[value] { return known }
        let made = DynamicOperand(
            integers: editor.freshName("\(value)_q"), scale: editor.freshName("\(value)_s"),
            zeroPoint: editor.freshName("\(value)_z"))
        editor.insert(
            Node("DynamicQuantizeLinear", inputs: [value], outputs: [made.integers, made.scale, made.zeroPoint]))
        operands[value] = made
        return made
    }

    private func isTransposed(_ gemm: Node) -> Bool {
        if case .int(let flag) = gemm.attributes["transB"] { flag != 0 } else { false }
    }

    /// Whether the product is added to the bias as both are.
    private func isPlainGemm(_ gemm: Node) -> Bool {
        ["alpha", "beta"].allSatisfy { name in
            if case .float(let factor) = gemm.attributes[name] { factor == 1 } else { true }
        }
    }
}

extension Tensor {
    /// The transposed matrix of an 8-bit matrix.
    fileprivate func transposedMatrix() -> Tensor {
        let (rows, columns) = (shape[0], shape[1])
        func transpose<Element: TensorElement>(_ type: Element.Type) -> Tensor {
            let source = array(of: type)
            return Tensor(type, shape: [columns, rows]) { target in
                for row in 0..<rows {
                    for column in 0..<columns { target[column * rows + row] = source[row * columns + column] }
                }
            }
        }
        return dtype == .int8 ? transpose(Int8.self) : transpose(UInt8.self)
    }
}
