import QTuneGraph
import QTuneQuantization
import QTuneTensor
import QTuneTestSupport
import Testing

/// Small graphs rewritten, looked at node by node.
@Suite struct RewriterTests {
    /// conv(3 -> 2 channels, bias) -> Relu -> Add with the conv's own input kept apart -> output.
    private func residual() -> Model {
        let g = GraphBuilder()
        let x = g.input("x", .float32, [1, 2, 4, 4])
        let weights = g.constant(
            Tensor([1, -2, 0.5, 0.25] as [Float], shape: [2, 2, 1, 1]), named: "w")
        let bias = g.constant(Tensor([0.5, -0.25] as [Float]), named: "b")
        let y = g("Conv", x, weights, bias, named: "conv_out")
        let r = g("Relu", y, named: "relu_out")
        let sum = g("Add", r, x, named: "sum")
        return g.model(sum)
    }

    private func statistics(_ ranges: [String: (Float, Float)]) -> Statistics {
        var statistics = Statistics()
        statistics.runs = 1
        for (name, range) in ranges {
            statistics.tensors[name, default: TensorStatistics()].observe(Tensor([range.0, range.1]))
        }
        return statistics
    }

    private var residualStatistics: Statistics {
        statistics(["x": (-1, 1), "conv_out": (-4, 5.1), "relu_out": (0, 5.1), "sum": (-1, 6)])
    }

    private func types(_ model: Model) -> [String: Int] {
        Dictionary(model.graph.nodes.map { ($0.opType, 1) }, uniquingKeysWith: +)
    }

    @Test func groupsHoldTheClamp() throws {
        let groups = QuantizationGroups.find(residual())
        #expect(groups.map(\.operation) == ["Conv", "Add"])
        #expect(groups[0].nodes.count == 2)
        #expect(groups[0].parameterCount == 6)
        #expect(groups[0].parameterBytes == 24)
    }

    @Test func floatRecipeChangesNothing() throws {
        let model = residual()
        var recipe = Recipe()
        recipe.precision = .float32
        let result = try Quantizer(model, statistics: residualStatistics).quantize(recipe)
        #expect(result.model == model)
        #expect(result.notes.isEmpty)
    }

    @Test func wholeResidual() throws {
        var recipe = Recipe()
        recipe.results = .quantized
        recipe.bias = .int32
        recipe.biasCorrection = false
        let result = try Quantizer(residual(), statistics: residualStatistics).quantize(recipe)
        let graph = result.model.graph
        // x, relu_out and sum are pairs; weights and bias have a DequantizeLinear each; Relu is in the saturation.
        #expect(types(result.model) == ["Conv": 1, "Add": 1, "QuantizeLinear": 3, "DequantizeLinear": 5])
        #expect(graph.outputs.map(\.name) == ["sum"])
        let conv = try #require(graph.nodes.first { $0.opType == "Conv" })
        let quantize = try #require(
            graph.nodes.first { $0.opType == "QuantizeLinear" && $0.inputs[0] == conv.outputs[0] })
        // 0...5.1 in uint8.
        #expect(graph.initializers[quantize.inputs[1]]?.array(of: Float.self) == [0.02])
        #expect(graph.initializers[quantize.inputs[2]]?.array(of: UInt8.self) == [0])
        let weights = try #require(graph.nodes.first { $0.outputs == [conv.inputs[1]] })
        #expect(weights.attributes["axis"] == .int(0))
        #expect(weights.inputs.count == 2)
        #expect(graph.initializers[weights.inputs[0]]?.array(of: Int8.self) == [64, -127, 127, 64])
        let bias = try #require(graph.nodes.first { $0.outputs == [conv.inputs[2]] })
        // Scales: 2/255 * (2/127, 0.5/127).
        #expect(graph.initializers[bias.inputs[0]]?.array(of: Int32.self) == [4048, -8096])
        #expect(result.tensors.keys.sorted() == ["relu_out", "sum", "x"])
    }

    @Test func onlyTheConvolution() throws {
        let model = residual()
        let quantizer = Quantizer(model, statistics: residualStatistics)
        let result = try quantizer.quantize(Recipe().quantizingOnly([quantizer.groups[0].name]))
        let add = try #require(result.model.graph.nodes.first { $0.opType == "Add" })
        // The float Add takes the convolution's result from its only form, but x as it came.
        #expect(add.inputs[1] == "x")
        let source = try #require(result.model.graph.nodes.first { $0.outputs == [add.inputs[0]] })
        #expect(source.opType == "DequantizeLinear")
    }

    @Test func reluStaysWhereTheRangeReachesBelowZero() throws {
        let g = GraphBuilder()
        let x = g.input("x", .float32, [1, 2, 4, 4])
        let w = g.constant(Tensor([1, -2, 0.5, 0.25] as [Float], shape: [2, 2, 1, 1]), named: "w")
        let relu = g("Relu", g("Conv", x, w, named: "c"), named: "r")
        let model = g.model(g("Concat", relu, x, named: "y", attributes: ["axis": .int(1)]))
        let seen = statistics(["x": (-1, 1), "c": (-3, 3), "r": (0, 3), "y": (-1, 3)])
        var recipe = Recipe()
        recipe.results = .quantized
        let shared = try Quantizer(model, statistics: seen).quantize(recipe)
        #expect(types(shared.model)["Relu"] == 1)
        // One scale for all three.
        let scales = shared.model.graph.nodes.filter { $0.opType == "QuantizeLinear" }.map { $0.inputs[1] }
        #expect(Set(scales).count == 1)
        recipe.concatScales = .separate
        let separate = try Quantizer(model, statistics: seen).quantize(recipe)
        #expect(types(separate.model)["Relu"] == nil)
    }

    @Test(arguments: [
        ("Conv", [4, 3, 1, 1], [:] as [String: Attribute], 0, 4),
        ("ConvTranspose", [3, 4, 1, 1], [:], 1, 4),
        ("MatMul", [3, 4], [:], 1, 4),
        ("Gemm", [3, 4], [:], 1, 4),
        ("Gemm", [4, 3], ["transB": .int(1)], 0, 4),
    ])
    func channelAxis(type: String, dimensions: [Int], attributes: [String: Attribute], axis: Int, channels: Int) throws
    {
        let g = GraphBuilder()
        let x = g.input("x", .float32, type.hasPrefix("Conv") ? [1, 3, 2, 2] : [1, 3])
        let values = (0..<dimensions.reduce(1, *)).map { Float($0 + 1) }
        let w = g.constant(Tensor(values, shape: Shape(dimensions)), named: "w")
        let model = g.model(g(type, x, w, named: "y", attributes: attributes))
        let result = try Quantizer(model, statistics: statistics(["x": (-1, 1), "y": (-9, 9)])).quantize(Recipe())
        let graph = result.model.graph
        let node = try #require(graph.nodes.first { $0.opType == type })
        let weights = try #require(graph.nodes.first { $0.outputs == [node.inputs[1]] })
        // An axis of 1 is the standard's default and is left out.
        #expect(weights.attributes["axis"] == (axis == 1 ? nil : .int(Int64(axis))))
        #expect(graph.initializers[weights.inputs[1]]?.shape == [channels])
    }

    /// conv -> conv -> conv of which the middle one stays float: a one-operand Max guards it, and nothing else is
    /// guarded.
    @Test func aFloatLayerBetweenIntegerLayersIsGuarded() throws {
        let g = GraphBuilder()
        var value = g.input("x", .float32, [1, 2, 4, 4])
        for name in ["a", "b", "c"] {
            let weights = g.constant(Tensor([1, -2, 0.5, 0.25] as [Float], shape: [2, 2, 1, 1]), named: "w\(name)")
            value = g("Conv", value, weights, named: name)
        }
        let model = g.model(value)
        let quantizer = Quantizer(
            model, statistics: statistics(["x": (-1, 1), "a": (-2, 2), "b": (-3, 3), "c": (-4, 4)]))
        let names = quantizer.groups.map(\.name)
        let quantized = try quantizer.quantize(Recipe().excluding([names[1]])).model
        let guards = quantized.graph.nodes.filter { $0.opType == "Max" }
        #expect(guards.count == 1)
        let layer = try #require(quantized.graph.nodes.first { $0.inputs.contains("wb") })
        #expect(layer.inputs[0] == guards.first?.outputs[0])
        #expect(guards.first?.inputs.count == 1)
        let whole = try quantizer.quantize(Recipe()).model
        #expect(!whole.graph.nodes.contains { $0.opType == "Max" })
    }

    @Test func namesAreTheSameEachTime() throws {
        let quantizer = Quantizer(residual(), statistics: residualStatistics)
        #expect(try quantizer.quantize(Recipe()).model == quantizer.quantize(Recipe()).model)
    }

    @Test func missingStatisticsAreTold() throws {
        let result = try Quantizer(residual(), statistics: Statistics()).quantize(Recipe())
        #expect(result.notes.count == 2)
        #expect(result.model == residual())
    }

    @Test func unknownGroupIsAnError() {
        #expect(throws: QTuneError.self) {
            try Quantizer(residual(), statistics: residualStatistics).quantize(Recipe().excluding(["nothing"]))
        }
    }

    @Test func dynamicForm() throws {
        var recipe = Recipe()
        recipe.format = .dynamic
        let result = try Quantizer(residual(), statistics: Statistics()).quantize(recipe)
        #expect(
            types(result.model) == [
                "DynamicQuantizeLinear": 1, "ConvInteger": 1, "Cast": 1, "Mul": 2, "Add": 2, "Relu": 1,
            ])
    }
}
