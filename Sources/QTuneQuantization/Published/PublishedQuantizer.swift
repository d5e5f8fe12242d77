internal import QTuneGraph
internal import QTuneTensor

/// Quantizes a model as the published tool does: int8 throughout, one scale a tensor, activations from their smallest
/// to their largest value, weights symmetric, no batch normalization folded, every parameter stored for itself.
struct PublishedQuantizer {
    private let source: Model
    private let ranges: PublishedRanges
    private let marks: PublishedMarks
    private var editor: GraphEditor
    private var activationScales: [String: QuantizationParameters] = [:]
    private var names: [String: (scale: String, zeroPoint: String)] = [:]
    private var weightParameters: [String: QuantizationParameters] = [:]

    /// The model with every node quantized but those called `excluded`.
    static func quantize(_ model: Model, statistics: Statistics, excluding excluded: Set<String>) throws -> Model {
        var quantizer = PublishedQuantizer(model, statistics, excluded)
        return try quantizer.rewrite()
    }

    private init(_ model: Model, _ statistics: Statistics, _ excluded: Set<String>) {
        source = model
        ranges = PublishedRanges(model, statistics: statistics, excluded: excluded)
        marks = PublishedMarks(model, ranges: ranges, excluded: excluded)
        editor = GraphEditor(model.graph)
    }

    private mutating func rewrite() throws -> Model {
        for id in editor.nodeIDs where editor[id].map({ marks.removedClamps.contains($0.name) }) ?? false {
            removeClamp(id)
        }
        for value in marks.order {
            if let range = ranges[value] {
                activationScales[value] = AffineParameters.make(range, dtype: .int8, symmetric: false)
            }
        }
        chooseWeightScales()
        for value in marks.order where marks.kinds[value] == .activation || marks.kinds[value] == .weight {
            if let constant = editor.constant(value) {
                try addConstant(value, constant)
            } else {
                try addPair(value, parametersOf: value)
            }
        }
        for value in marks.order {
            if case .sharing(let provider) = marks.kinds[value] { try addPair(value, parametersOf: provider) }
        }
        for bias in marks.biases { try addBias(bias) }
        var model = source
        model.graph = try editor.finish()
        model.producerName = "qtune published path"
        return model
    }

    private mutating func removeClamp(_ id: GraphEditor.NodeID) {
        guard let clamp = editor[id], let operand = clamp.inputs.first, let result = clamp.outputs.first,
            let producer = editor.producer(of: operand), var node = editor[producer]
        else { return }
        editor.remove(id)
        node.outputs = node.outputs.map { $0 == operand ? result : $0 }
        editor.replace(producer, with: node)
    }

    /// Scales of constants; those of weights grow where a bias would not fit int32 otherwise.
    private mutating func chooseWeightScales() {
        for value in marks.order {
            guard let constant = editor.constant(value) else { continue }
            let ends = constant.withSpan(of: Float.self) { values in
                var range: (lower: Float, upper: Float) = values.isEmpty ? (0, 0) : (values[0], values[0])
                for index in values.indices {
                    range = (min(range.lower, values[index]), max(range.upper, values[index]))
                }
                return range
            }
            guard marks.kinds[value] == .weight else {
                weightParameters[value] = AffineParameters.make(
                    min(0, ends.lower)...max(0, ends.upper), dtype: .int8, symmetric: false)
                continue
            }
            let scale = Float(2 * Double(max(abs(ends.lower), abs(ends.upper))) / 254)
            weightParameters[value] = QuantizationParameters(
                dtype: .int8, scales: [scale >= .leastNormalMagnitude ? scale : 1], zeroPoints: [0])
        }
        for bias in marks.biases {
            guard let input = activationScales[bias.input]?.scales[0], let weights = weightParameters[bias.weights],
                let values = editor.constant(bias.name)?.array(of: Float.self)
            else { continue }
            let largest = values.reduce(0) { max($0, abs(Double($1))) }
            let smallest = 1.0001 * 2 * largest / (2 * Double(Int32.max))
            let candidate = Double(input) * Double(weights.scales[0])
            if candidate > 0, candidate < smallest {
                weightParameters[bias.weights]?.scales[0] = Float(Double(weights.scales[0]) * smallest / candidate)
            }
        }
    }
}

extension PublishedQuantizer {
    private mutating func parameterNames(_ value: String, _ parameters: QuantizationParameters) -> [String] {
        if let known = names[value] { return [known.scale, known.zeroPoint] }
        let scale = editor.addInitializer(Tensor(scalar: parameters.scales[0]), named: "\(value)_scale")
        let zeroPoint = editor.addInitializer(
            Tensor(scalar: Int8(clamping: parameters.zeroPoints[0])), named: "\(value)_zero_point")
        names[value] = (scale, zeroPoint)
        return [scale, zeroPoint]
    }

    private mutating func addConstant(_ value: String, _ constant: Tensor) throws {
        guard let parameters = weightParameters[value] else { return }
        try WeightQuantizer.requireFinite(constant, named: value)
        let result = "\(value)_DequantizeLinear_Output"
        editor.replaceUses(of: value, with: result)
        let integers = editor.addInitializer(
            WeightQuantizer.integers(constant, parameters: parameters), named: "\(value)_quantized")
        editor.insert(
            Node(
                "DequantizeLinear", name: "\(value)_DequantizeLinear",
                inputs: [integers] + parameterNames(value, parameters), outputs: [result]))
    }

    private mutating func addPair(_ value: String, parametersOf provider: String) throws {
        guard let parameters = activationScales[provider] ?? weightParameters[provider] else {
            throw QTuneError(.invalidData, "calibration saw no value of '\(provider)'")
        }
        var before = value
        var after = "\(value)_DequantizeLinear_Output"
        if editor.isOutput(value), let id = editor.producer(of: value), var node = editor[id] {
            before = "\(value)_QuantizeLinear_Input"
            after = value
            node.outputs = node.outputs.map { $0 == value ? before : $0 }
            editor.replace(id, with: node)
        } else {
            editor.replaceUses(of: value, with: after)
        }
        let operands = parameterNames(provider, parameters)
        let integers = "\(value)_QuantizeLinear_Output"
        editor.insert(
            Node("QuantizeLinear", name: "\(value)_QuantizeLinear", inputs: [before] + operands, outputs: [integers]))
        editor.insert(
            Node("DequantizeLinear", name: "\(value)_DequantizeLinear", inputs: [integers] + operands, outputs: [after])
        )
    }

    private mutating func addBias(_ bias: PublishedMarks.Bias) throws {
        guard let constant = editor.constant(bias.name), let input = activationScales[bias.input],
            let weights = weightParameters[bias.weights]
        else { throw QTuneError(.invalidData, "calibration saw no value of '\(bias.input)'") }
        let scale = input.scales[0] * weights.scales[0] * bias.beta
        let integers = constant.array(of: Float.self).map { value -> Int32 in
            let quotient = (Double(value) / Double(scale)).rounded(.toNearestOrEven)
            return quotient.isNaN ? 0 : Int32(max(Double(Int32.min), min(Double(Int32.max), quotient)))
        }
        let quantized = "\(bias.name)_quantized"
        let operands = [
            editor.addInitializer(Tensor(integers, shape: constant.shape), named: quantized),
            editor.addInitializer(Tensor([scale]), named: "\(quantized)_scale"),
            editor.addInitializer(Tensor(scalar: Int32(0)), named: "\(quantized)_zero_point"),
        ]
        // The result takes over the constant's name.
        editor.graph.initializers[bias.name] = nil
        editor.insert(
            Node("DequantizeLinear", name: "\(bias.name)_DequantizeLinear", inputs: operands, outputs: [bias.name]))
    }
}
