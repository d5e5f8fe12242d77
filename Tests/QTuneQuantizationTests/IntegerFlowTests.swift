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
