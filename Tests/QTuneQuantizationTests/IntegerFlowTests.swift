import QTuneGraph
import QTuneQuantization
import QTuneTensor
import QTuneTestSupport
import Testing

/// Which operators are worth quantizing, by what is round them.
@Suite struct IntegerFlowTests {
    private func weights(_ shape: Shape) -> Tensor {
        var random = SeededGenerator(seed: 3)
        return random.floats(shape)
    }

    private func operations(_ model: Model) -> [String] { QuantizationGroups.find(model).map(\.operation) }

    /// x -> MatMul -> + bias -> gate * value -> MatMul -> + x: only products with weights count.
    @Test func sumsAndProductsBetweenMatrixProductsStayFloat() {
        let g = GraphBuilder()
        let x = g.input("x", [1, 4])
        let hidden = g("MatMul", x, g.constant(weights([4, 8]))) + g.constant(weights([8]))
        let gated = hidden * g("Sigmoid", hidden)
        let y = g("MatMul", gated, g.constant(weights([8, 4]))) + x
        #expect(operations(g.model(y)) == ["MatMul", "MatMul"])
    }

    /// x -> MatMul -> gate * value, which a second MatMul and a residual sum take: the product takes integers, the sum
    /// the floats as they are.
    @Test func aSwishBetweenMatrixProductsStaysFloat() throws {
        let g = GraphBuilder()
        let x = g.input("x", [1, 4])
        let hidden = g("MatMul", x, g.constant(weights([4, 8]), named: "w1"), named: "hidden")
        let gated = g("Mul", hidden, g("Sigmoid", hidden, named: "gate"), named: "gated")
        let projected = g("MatMul", gated, g.constant(weights([8, 8]), named: "w2"), named: "projected")
        let seen = statistics(["x", "hidden", "gate", "gated", "projected"])
        let quantizer = Quantizer(g.model(projected + gated), statistics: seen)
        #expect(quantizer.groups.map(\.nodes.count) == [1, 1])
        let quantized = try quantizer.quantize(Recipe())
        #expect(quantized.notes.isEmpty)
        #expect(quantized.tensors.keys.sorted() == ["gated", "x"])
        let nodes = quantized.model.graph.nodes
        #expect(nodes.filter { $0.opType == "QuantizeLinear" }.map { $0.inputs[0] }.sorted() == ["gated", "x"])
        #expect(nodes.filter { $0.opType == "DequantizeLinear" }.count == 4)
        let sum = try #require(nodes.first { $0.opType == "Add" })
        #expect(sum.inputs.contains("gated"))
        let products = nodes.filter { $0.opType == "Mul" || $0.opType == "Sigmoid" }
        #expect(Set(products.flatMap(\.inputs)) == ["hidden", "gate"])
    }

    /// Behind a convolution both parts belong to its group.
    @Test func aSwishBehindAConvolutionIsOfItsGroup() {
        let g = GraphBuilder()
        let hidden = g("Conv", g.input("x", [1, 2, 4, 4]), g.constant(weights([2, 2, 1, 1])))
        let groups = QuantizationGroups.find(g.model(hidden * g("Sigmoid", hidden)))
        #expect(groups.map(\.nodes.count) == [3])
    }

    private func statistics(_ names: [String]) -> Statistics {
        var statistics = Statistics()
        statistics.runs = 1
        for name in names {
            statistics.tensors[name, default: TensorStatistics()].observe(Tensor([-1, 1] as [Float]))
        }
        return statistics
    }

    /// softmax(q k) v of one input, all of them products without weights.
    @Test func productsOfActivationsStayFloat() {
        let g = GraphBuilder()
        let x = g.input("x", [1, 4, 4])
        let q = g("MatMul", x, g.constant(weights([4, 4])))
        let attention = g("Softmax", g("MatMul", q, g("Transpose", x, attributes: ["perm": .ints([0, 2, 1])])))
        #expect(operations(g.model(g("MatMul", attention, x))) == ["MatMul"])
    }

    /// A sum of two convolutions is taken by the caller, through a pooling and a change of shape.
    @Test func sumsOfConvolutionsAreIntegers() {
        let g = GraphBuilder()
        let x = g.input("x", [1, 2, 4, 4])
        let (a, b) = (
            g("Conv", x, g.constant(weights([2, 2, 1, 1]))), g("Conv", x, g.constant(weights([2, 2, 3, 3])))
        )
        let sum = g("Add", a, g("Pad", b, g.constant(Tensor([0, 0, 1, 1, 0, 0, 1, 1] as [Int64]))))
        let y = g("Flatten", g("GlobalAveragePool", g("Relu", sum)))
        #expect(operations(g.model(y)) == ["Conv", "Conv", "Add", "GlobalAveragePool"])
    }

    /// A residual stream that convolutions begin, but which nothing takes as integers: each sum goes to a Softmax and to
    /// the next sum.
    @Test func sumsThatOnlyFloatOperatorsTakeStayFloat() {
        let g = GraphBuilder()
        let x = g.input("x", [1, 2, 4, 4])
        var stream = g("Conv", x, g.constant(weights([2, 2, 1, 1])))
        for _ in 0..<2 { stream = stream + g("MatMul", g("Softmax", stream), g.constant(weights([4, 4]))) }
        #expect(operations(g.model(g("Softmax", stream))) == ["Conv", "MatMul", "MatMul"])
        // The same stream given to the caller, or to a convolution, is made of integers.
        #expect(operations(g.model(stream)) == ["Conv", "MatMul", "Add", "MatMul", "Add"])
    }

    /// What the caller gives is float: it is quantized behind its normalization.
    @Test func sumsOfInputsStayFloat() {
        let g = GraphBuilder()
        let x = g.input("x", [1, 2, 4, 4])
        let y = g("Conv", x * 0.5 + 1, g.constant(weights([2, 2, 1, 1])))
        #expect(operations(g.model(y)) == ["Conv"])
    }
}
