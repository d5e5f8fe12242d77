import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Quantized networks on the integer kernels. Integer results may differ by one step from the literal graph, which
/// computes in float32 between DequantizeLinear and QuantizeLinear.
struct IntegerLoweringTests {
    private var generator = SeededGenerator(seed: 5)

    private func scale(_ g: GraphBuilder, _ value: Float) -> GraphBuilder.Expression { g.constant(value) }
    private func zero(_ g: GraphBuilder, _ value: UInt8) -> GraphBuilder.Expression {
        g.constant(Tensor(scalar: value))
    }

    /// Real values of x, quantized by 0.02 and 120.
    private func real(_ g: GraphBuilder, _ x: GraphBuilder.Expression) -> GraphBuilder.Expression {
        g("DequantizeLinear", x, scale(g, 0.02), zero(g, 120))
    }

    private func quantize(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ step: Float = 0.05, _ zeroPoint: UInt8 = 3
    ) -> GraphBuilder.Expression {
        g("QuantizeLinear", x, scale(g, step), zero(g, zeroPoint))
    }

    private func weights(_ outputs: Int, _ inputs: Int) -> (Tensor, Tensor, Tensor) {
        var generator = SeededGenerator(seed: 21)
        return (
            generator.integers(Int8.self, [outputs, inputs, 3, 3]),
            Tensor((0..<outputs).map { 0.001 * Float($0 + 1) }),
            generator.integers(Int32.self, [outputs], in: -3000...3000)
        )
    }

    private static let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]

    /// Conv and Relu between integers as DequantizeLinear ... QuantizeLinear.
    private func qdq(activation: String?) -> Model {
        let g = GraphBuilder()
        let (w, s, b) = weights(5, 3)
        let biasScale = Tensor(s.array(of: Float.self).map { $0 * 0.02 })
        let c = g(
            "Conv", real(g, g.input("x", .uint8, [2, 3, 6, 5])),
            g("DequantizeLinear", g.constant(w), g.constant(s), attributes: ["axis": .int(0)]),
            g("DequantizeLinear", g.constant(b), g.constant(biasScale), attributes: ["axis": .int(0)]),
            attributes: Self.pads)
        let a = activation.map { $0 == "Clip" ? g("Clip", c, g.constant(-0.5), g.constant(6)) : g($0, c) } ?? c
        return g.model(g("QuantizeLinear", a, scale(g, 0.05), zero(g, 3), named: "y"))
    }

    private func qOperator() -> Model {
        let g = GraphBuilder()
        let (w, s, b) = weights(5, 3)
        let zeros = Tensor(zeros: .int8, shape: [5])
        return g.model(
            g(
                "QLinearConv", g.input("x", .uint8, [2, 3, 6, 5]), scale(g, 0.02), zero(g, 120), g.constant(w),
                g.constant(s), g.constant(zeros), scale(g, 0.05), zero(g, 3), g.constant(b), named: "y",
                attributes: Self.pads))
    }

    @Test(arguments: [nil, "Relu", "Clip"] as [String?])
    mutating func convolutionsBecomeOneNode(activation: String?) throws {
        let x = generator.integers(UInt8.self, [2, 3, 6, 5])
        let session = try expectSameResults(qdq(activation: activation), ["x": x], steps: 1)
        #expect(session.operatorCounts["qtune.IntegerConv2D"] == 1)
        #expect(session.operatorCounts["QuantizeLinear"] == nil && session.operatorCounts["DequantizeLinear"] == nil)
        #expect(session.operatorCounts["Conv"] == nil)
        if activation == "Relu" {
            #expect(try session.run(["x": x])["y"]?.array(of: UInt8.self).min() ?? 0 >= 3)
        }
    }

    @Test mutating func bothFormsGiveTheSameBits() throws {
        let x = generator.integers(UInt8.self, [2, 3, 6, 5])
        let a = try Session(qdq(activation: nil)).run(["x": x])
        let b = try Session(qOperator()).run(["x": x])
        #expect(a == b)
    }

    @Test(arguments: [
        "Add", "Mul", "Concat", "Sigmoid", "Tanh", "MaxPool", "AveragePool", "GlobalAveragePool", "Reshape",
        "Transpose", "Relu",
    ])
    mutating func nodesBetweenIntegersBecomeIntegerNodes(type: String) throws {
        let g = GraphBuilder()
        let x = g.input("x", .uint8, [1, 4, 4, 6])
        let a = real(g, x)
        let b = g(
            "DequantizeLinear", g("Transpose", x, attributes: ["perm": .ints([0, 2, 1, 3])]), scale(g, 0.03),
            zero(g, 90))
        let y: GraphBuilder.Expression
        switch type {
        case "Add", "Mul": y = quantize(g, g(type, a, b))
        case "Concat": y = quantize(g, g(type, a, b, attributes: ["axis": .int(1)]))
        case "MaxPool": y = quantize(g, g(type, a, attributes: ["kernel_shape": .ints([2, 3])]), 0.02, 120)
        case "AveragePool": y = quantize(g, g(type, a, attributes: ["kernel_shape": .ints([2, 3])]))
        case "Reshape": y = quantize(g, g(type, a, g.constant(Tensor([4, 24] as [Int64]))))
        case "Transpose": y = quantize(g, g(type, a, attributes: ["perm": .ints([0, 3, 1, 2])]))
        case "Sigmoid", "Tanh": y = quantize(g, g(type, a), 0.004, 100)
        default: y = quantize(g, g(type, a))
        }
        let session = try expectSameResults(
            g.model(y), ["x": generator.integers(UInt8.self, [1, 4, 4, 6])], steps: 1)
        #expect(session.operatorCounts["DequantizeLinear"] == nil, "\(session.operatorCounts)")
        #expect(session.operatorCounts["QuantizeLinear"] == nil)
    }

    @Test mutating func equalParametersVanish() throws {
        let g = GraphBuilder()
        let x = g("Identity", g.input("x", .uint8, [5]))
        let y = g("DequantizeLinear", quantize(g, real(g, x), 0.02, 120), scale(g, 0.5), zero(g, 7))
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, [5])])
        #expect(session.operatorCounts == ["DequantizeLinear": 1])
    }

    @Test mutating func aRealResultComesStraightFromTheSums() throws {
        let g = GraphBuilder()
        let w = g("DequantizeLinear", g.constant(generator.integers(Int8.self, [7, 4])), scale(g, 0.01))
        let y = g("Gemm", real(g, g.input("x", .uint8, [3, 7])), w, g.constant(generator.floats([4])))
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, [3, 7])])
        #expect(session.operatorCounts == ["qtune.IntegerLinear": 1])
    }

    /// What is added to each column, or to all, is the kernel's bias; what differs from row to row is not.
    @Test(arguments: [([4], true), ([1, 4], true), ([1], true), ([], true), ([3, 1], false)] as [(Shape, Bool)])
    mutating func biasesAreAddedToRealResults(shape: Shape, isBias: Bool) throws {
        let g = GraphBuilder()
        let w = g("DequantizeLinear", g.constant(generator.integers(Int8.self, [7, 4])), scale(g, 0.01))
        let y = g.constant(generator.floats(shape)) + g("MatMul", real(g, g.input("x", .uint8, [2, 3, 7])), w)
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, [2, 3, 7])])
        #expect(session.operatorCounts == (isBias ? ["qtune.IntegerLinear": 1] : ["qtune.IntegerLinear": 1, "Add": 1]))
    }

    @Test mutating func whatNoKernelDoesIsLiteral() throws {
        let g = GraphBuilder()
        let y = quantize(g, g("Softmax", real(g, g.input("x", .uint8, [2, 7]))), 0.004, 0)
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, [2, 7])])
        #expect(session.operatorCounts["Softmax"] == 1)
        #expect(session.report("absorb-quantization")?.refusals.first?.reason == "no integer kernel does Softmax")
    }

    /// Pools of integers, as QOperator networks have them between their convolutions.
    @Test(arguments: [0, 1] as [Int64]) mutating func integersArePooled(ceilMode: Int64) throws {
        let g = GraphBuilder()
        let y = g(
            "MaxPool", g.input("x", .uint8, [2, 3, 6, 5]), named: "y",
            attributes: [
                "kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1]),
                "ceil_mode": .int(ceilMode),
            ])
        let session = try expectSameResults(g.model(y), ["x": generator.integers(UInt8.self, [2, 3, 6, 5])])
        #expect(session.operatorCounts["qtune.QuantizedMaxPool2D"] == 1)
    }
}
