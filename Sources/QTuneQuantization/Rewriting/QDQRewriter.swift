internal import QTuneGraph
internal import QTuneTensor

/// Writes a plan into a graph as pairs of QuantizeLinear and DequantizeLinear.
struct QDQRewriter {
    private let source: Model
    private let plan: QuantizationPlan
    private let ranges: RangeCache
    private let cache: WeightCache
    private var editor: GraphEditor
    private var pool = ConstantPool()
    private var lookups: LookupRewriter
    private var dequantizedConstants: [String: String] = [:]
    private var tensors: [String: QuantizedModel.QuantizedTensor] = [:]
    private var notes: [QuantizationNote]

    init(_ model: Model, plan: QuantizationPlan, ranges: RangeCache, weights: WeightCache) {
        source = model
        self.plan = plan
        self.ranges = ranges
        cache = weights
        lookups = LookupRewriter(plan.structure, recipe: plan.recipe, weights: weights)
        editor = GraphEditor(model.graph)
        notes = plan.notes
    }

    mutating func rewrite() throws -> QuantizedModel {
        guard plan.isInteger.contains(true) || lookups.hasWork else {
            return QuantizedModel(model: source, tensors: [:], notes: notes)
        }
        guard source.opset >= 10 else {
            throw QTuneError(
                .unsupported, "quantization needs operator set 10, the model has \(source.opset)",
                remedy: "prepare the model first")
        }
        let ids = editor.nodeIDs
        for (index, id) in ids.enumerated() where plan.isInteger[index] { try quantizeConstants(of: index, id) }
        for (index, id) in ids.enumerated() where plan.isRedundantClamp(index) { removeClamp(id) }
        let position = Dictionary(uniqueKeysWithValues: ids.enumerated().map { ($1, $0) })
        for value in plan.parameters.keys.sorted() { quantizeActivation(value, position) }
        for (index, id) in ids.enumerated() where !plan.isInteger[index] { keepFloat(index, id) }
        notes += lookups.rewrite(ids, in: &editor, pool: &pool)
        var model = source
        model.graph = try editor.finish()
        return QuantizedModel(model: model, tensors: tensors, notes: notes)
    }

    /// Takes a clamp away; its producer gives its result.
    private mutating func removeClamp(_ id: GraphEditor.NodeID) {
        guard let clamp = editor[id], let operand = clamp.inputs.first, let result = clamp.outputs.first,
            let producer = editor.producer(of: operand), var node = editor[producer]
        else { return }
        editor.remove(id)
        node.outputs = node.outputs.map { $0 == operand ? result : $0 }
        editor.replace(producer, with: node)
    }

    private mutating func quantizeActivation(_ value: String, _ position: [GraphEditor.NodeID: Int]) {
        guard let parameters = plan.parameters[value] else { return }
        let isInteger = plan.isMadeAsInteger(value)
        var before = value
        var after = editor.freshName("\(value)_dq")
        if isInteger, editor.isOutput(value), let id = editor.producer(of: value), var node = editor[id] {
            // The graph gives the dequantized form, under the old name.
            before = editor.freshName("\(value)_raw")
            node.outputs = node.outputs.map { $0 == value ? before : $0 }
            editor.replace(id, with: node)
            after = value
        } else {
            editor.replaceUses(of: value, with: after) { id in
                position[id].map { plan.usesDequantized(value, node: $0) } ?? false
            }
        }
        let integers = editor.freshName("\(value)_q")
        let operands = operandNames(parameters, zeroPoint: true)
        editor.insert(Node("QuantizeLinear", inputs: [before] + operands, outputs: [integers]))
        editor.insert(Node("DequantizeLinear", inputs: [integers] + operands, outputs: [after]))
        tensors[value] = QuantizedModel.QuantizedTensor(before: before, after: after)
    }

    private mutating func operandNames(_ parameters: QuantizationParameters, zeroPoint: Bool) -> [String] {
        let isScalar = parameters.axis == nil
        let scale = pool.scale(parameters.scales, isScalar: isScalar, in: &editor)
        // The standard reads a missing zero point as 0 of the operand's type.
        guard zeroPoint || parameters.zeroPoints.contains(where: { $0 != 0 }) else { return [scale] }
        return [
            scale,
            pool.zeroPoint(parameters.zeroPoints, dtype: parameters.dtype, isScalar: isScalar, in: &editor),
        ]
    }
}

extension QDQRewriter {
    /// Keeps other engines from quantizing a layer that was left in float on purpose: ONNX Runtime's optimizer
    /// WeightBiasQuantization does so with a layer between DequantizeLinear and QuantizeLinear. A maximum over one
    /// value, which changes nothing, in front of the layer breaks that pattern.
    private mutating func keepFloat(_ index: Int, _ id: GraphEditor.NodeID) {
        guard case .weighted(let operands) = plan.structure.roles[index], var node = editor[id],
            let result = node.outputs.first, isQuantizedNext(result),
            let producer = editor.producer(of: node.inputs[operands.data]),
            editor[producer]?.opType == "DequantizeLinear"
        else { return }
        let kept = editor.freshName("\(node.inputs[operands.data])_kept")
        editor.insert(Node("Max", inputs: [node.inputs[operands.data]], outputs: [kept]))
        node.inputs[operands.data] = kept
        editor.replace(id, with: node)
    }

    /// Whether `value` goes to QuantizeLinear, directly or through one node.
    private func isQuantizedNext(_ value: String) -> Bool {
        let users = editor.consumers(of: value).compactMap { editor[$0] }
        let next = users.flatMap(\.outputs).flatMap { editor.consumers(of: $0) }.compactMap { editor[$0] }
        return (users + next).contains { $0.opType == "QuantizeLinear" }
    }

    private mutating func quantizeConstants(of index: Int, _ id: GraphEditor.NodeID) throws {
        guard var node = editor[id] else { return }
        switch plan.structure.roles[index] {
        case .weighted(let operands):
            try quantizeWeights(of: &node, operands, index)
        case .arithmetic(let operands):
            for operand in operands where operand < node.inputs.count {
                guard let constant = plan.structure.context.floatConstant(node.inputs[operand]) else { continue }
                node.inputs[operand] = try dequantizedOperand(node.inputs[operand], constant)
            }
        default: return
        }
        editor.replace(id, with: node)
    }

    private mutating func dequantizedOperand(_ name: String, _ constant: Tensor) throws -> String {
        let key = "\(name) as activation"
        if let known = dequantizedConstants[key] { return known }
        try WeightQuantizer.requireFinite(constant, named: name)
        let made = WeightQuantizer.quantizeActivation(
            constant, dtype: plan.recipe.activationType, symmetric: plan.recipe.symmetricActivations)
        let result = dequantize(made, named: name, zeroPoint: true)
        dequantizedConstants[key] = result
        return result
    }

    private mutating func quantizeWeights(of node: inout Node, _ operands: WeightedOperands, _ index: Int) throws {
        let name = node.inputs[operands.weights]
        guard let weights = plan.structure.context.floatConstant(name), let choice = plan.choice(ofNode: index),
            let activation = plan.parameters[node.inputs[operands.data]]
        else { return }
        let axis = choice.granularity == .channel ? channelAxis(operands, index) : nil
        let key = WeightCache.Key(name: name, dtype: plan.recipe.weightType, axis: axis, scale: choice.weightScale)
        var quantized = try cache.weights(key) {
            try WeightQuantizer.requireFinite(weights, named: name)
            return WeightQuantizer.quantize(weights, dtype: key.dtype, axis: axis, scale: key.scale)
        }
        var tag = "\(name) by \(axis.map(String.init) ?? "tensor") \(choice.weightScale)"
        if let bias = operands.bias.flatMap({ plan.structure.context.floatConstant(node.inputs[$0]) }),
            let widened = WeightQuantizer.widened(quantized, of: weights, activation: activation, bias: bias)
        {
            quantized = widened
            tag += " for \(node.label)"
        }
        if let known = dequantizedConstants[tag] {
            node.inputs[operands.weights] = known
        } else {
            let result = dequantize(quantized, named: name, zeroPoint: operands.isMatrixProduct)
            dequantizedConstants[tag] = result
            node.inputs[operands.weights] = result
        }
        guard let biasIndex = operands.bias, let bias = plan.structure.context.floatConstant(node.inputs[biasIndex])
        else { return }
        var corrected = bias
        if choice.biasCorrection, let means = ranges.channelMeans(of: plan.structure.nodes[index].inputs[operands.data])
        {
            corrected =
                BiasCorrection.corrected(
                    bias, node: node, weights: weights, quantized: quantized, inputMeans: means) ?? bias
        }
        let hasIntegerResult = node.outputs.first.map { isQuantizedDownstream($0) } ?? false
        if plan.recipe.bias == .float32 && (hasIntegerResult || !operands.isMatrixProduct) {
            if corrected != bias {
                node.inputs[biasIndex] = editor.addInitializer(corrected, named: "\(node.inputs[biasIndex])_c")
            }
            return
        }
        if let name = integerBias(
            corrected, named: node.inputs[biasIndex], activation: activation, quantized.parameters)
        {
            node.inputs[biasIndex] = name
        } else {
            notes.append(
                QuantizationNote(subject: node.label, message: "the bias stays float32: it does not fit int32"))
        }
    }

    /// The axis for a scale per channel, where the model's operator set allows one.
    private mutating func channelAxis(_ operands: WeightedOperands, _ index: Int) -> Int? {
        guard source.opset < 13 else { return operands.channelAxis }
        notes.append(
            QuantizationNote(
                subject: plan.structure.nodes[index].label,
                message: "one scale for all channels: operator set \(source.opset) has no scales per channel"))
        return nil
    }

    /// Whether `value`, or what the group's clamp makes of it, becomes integers.
    private func isQuantizedDownstream(_ value: String) -> Bool {
        if plan.parameters[value] != nil { return true }
        guard let next = plan.structure.soleConsumer(of: value), plan.isInteger[next],
            let result = plan.structure.nodes[next].outputs.first
        else { return false }
        return plan.parameters[result] != nil
    }

    /// The bias in int32 with the scale of the accumulator; nil where it does not fit.
    private mutating func integerBias(
        _ bias: Tensor, named name: String, activation: QuantizationParameters, _ weights: QuantizationParameters
    ) -> String? {
        let values = bias.array(of: Float.self)
        let scales = weights.scales.map { $0 * activation.scales[0] }
        guard scales.allSatisfy({ $0 >= .leastNormalMagnitude }), scales.count == 1 || scales.count == values.count
        else {
            return nil
        }
        var integers: [Int32] = []
        for (index, value) in values.enumerated() {
            let scale = Double(scales.count == 1 ? scales[0] : scales[index])
            guard let integer = Int32(exactly: (Double(value) / scale).rounded(.toNearestOrEven)) else { return nil }
            integers.append(integer)
        }
        let made = QuantizedWeights(
            values: Tensor(integers, shape: [integers.count]),
            parameters: QuantizationParameters(
                dtype: .int32, scales: scales, zeroPoints: scales.map { _ in 0 }, axis: scales.count == 1 ? nil : 0))
        return dequantize(made, named: name, zeroPoint: false)
    }

    /// Adds a constant with the DequantizeLinear that makes it real, and gives the name of the result.
    private mutating func dequantize(_ weights: QuantizedWeights, named name: String, zeroPoint: Bool) -> String {
        let integers = editor.addInitializer(weights.values, named: "\(name)_q")
        let result = editor.freshName("\(name)_dq")
        var attributes: [String: Attribute] = [:]
        // 1 is the standard's default.
        if let axis = weights.parameters.axis, axis != 1 { attributes["axis"] = .int(Int64(axis)) }
        let operands = operandNames(weights.parameters, zeroPoint: zeroPoint)
        editor.insert(
            Node("DequantizeLinear", inputs: [integers] + operands, outputs: [result], attributes: attributes))
        return result
    }
}
