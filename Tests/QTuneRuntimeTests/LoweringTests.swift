import QTuneGraph
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Float networks on the CPU's kernels.
struct LoweringTests {
    private var generator = SeededGenerator(seed: 11)

    private mutating func conv(
        _ g: GraphBuilder, _ x: GraphBuilder.Expression, _ inputs: Int, _ outputs: Int, stride: Int64 = 1
    ) -> GraphBuilder.Expression {
        g(
            "Conv", x, g.constant(generator.floats([outputs, inputs, 3, 3])), g.constant(generator.floats([outputs])),
            attributes: ["pads": .ints([1, 1, 1, 1]), "strides": .ints([stride, stride])])
    }

    /// A residual network: one change of order at the input, none at the output.
    @Test(arguments: [1, 2]) mutating func imagesKeepOneOrder(batch: Int) throws {
        let g = GraphBuilder()
        let stem = g("Relu", conv(g, g.input("x", [batch, 3, 9, 7]), 3, 8, stride: 2))
        let inner = g("Relu", conv(g, stem, 8, 8))
        let sum = g("Relu", conv(g, inner, 8, 8) + stem)
        let pooled = g(
            "MaxPool", g("Concat", sum, stem, attributes: ["axis": .int(1)]),
            attributes: ["kernel_shape": .ints([2, 2]), "ceil_mode": .int(1), "strides": .ints([2, 2])])
        let flat = g("Flatten", g("GlobalAveragePool", g("Clip", pooled, g.constant(0), g.constant(6))))
        let y = g("Gemm", flat, g.constant(generator.floats([16, 5])), g.constant(generator.floats([5])))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([batch, 3, 9, 7])])
        let counts = session.operatorCounts
        #expect(counts["qtune.Conv2D"] == 3 && counts["Relu"] == nil && counts["Add"] == nil)
        #expect(counts["qtune.ChannelsLast"] == 1)
        // The one at the output is a view: its images have one pixel.
        #expect(counts["qtune.ChannelsFirst"] == 1)
        #expect(session.report("fuse-residual")?.matches.count == 1)
        #expect(session.report("fuse-activation")?.matches.count == 3)
    }

    /// The neck of a network that finds things at several sizes: nothing in it leaves the order of its images.
    @Test mutating func necksKeepOneOrder() throws {
        let g = GraphBuilder()
        let image = g("Relu", conv(g, g.input("x", [1, 3, 8, 6]), 3, 8, stride: 2))
        let deep = conv(g, image, 8, 8, stride: 2)
        let none = g.constant(Tensor([Float]()))
        let resized = g(
            "Resize", deep, none, g.constant(Tensor([Float(1), 1, 2, 2])),
            attributes: ["mode": .string("linear")])
        let repeated = g("Resize", deep, none, g.constant(Tensor([Float(1), 1, 2, 2])))
        let learned = g(
            "Relu",
            g(
                "ConvTranspose", deep, g.constant(generator.floats([8, 4, 4, 4])), g.constant(generator.floats([4])),
                attributes: ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]))
        // The deep image has one row and column more than half of the other where that is odd.
        let all = g(
            "Slice", g("Concat", resized, repeated, learned, attributes: ["axis": .int(1)]),
            g.constant(Tensor([Int64(0), 0])), g.constant(Tensor([Int64(4), 3])), g.constant(Tensor([Int64(2), 3])))
        let joined = g("Concat", all, image, attributes: ["axis": .int(1)])
        let y = g("Concat", g("GlobalMaxPool", joined), g("GlobalAveragePool", joined), attributes: ["axis": .int(1)])
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 3, 8, 6])])
        let counts = session.operatorCounts
        #expect(counts["qtune.ConvTranspose2D"] == 1 && counts["ConvTranspose"] == nil)
        #expect(counts["qtune.ChannelsLast"] == 1 && counts["qtune.ChannelsFirst"] == 1)
        #expect(session.report("fuse-activation")?.matches.count == 2)
    }

    @Test mutating func aSumWithItselfIsNotFused() throws {
        let g = GraphBuilder()
        let image = conv(g, g.input("x", [1, 2, 5, 5]), 2, 3)
        try expectSameResults(g.model(image + image), ["x": generator.floats([1, 2, 5, 5])])
        let h = GraphBuilder()
        let product = h("MatMul", h.input("x", [2, 5]), h.constant(generator.floats([5, 4])))
        try expectSameResults(h.model(product + product), ["x": generator.floats([2, 5])])
    }

    /// Only pools round up; a convolution that carries the attribute is an ordinary one.
    @Test mutating func convolutionsDoNotRoundUp() throws {
        let g = GraphBuilder()
        let weights = g.constant(generator.floats([2, 1, 2, 2]))
        let y = g(
            "Conv", g.input("x", [1, 1, 5, 5]), weights,
            attributes: [
                "strides": .ints([2, 2]), "ceil_mode": .int(1),
            ])
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 1, 5, 5])])
        let result = try session.run(["x": Tensor(zeros: .float32, shape: [1, 1, 5, 5])])[y.name]
        #expect(result?.shape == [1, 2, 2, 2])
    }

    /// A window may be far larger than the image that it sees, or too large altogether.
    @Test(arguments: ["MaxPool", "AveragePool"]) func windowsLargerThanTheirImage(type: String) throws {
        func pool(_ side: Int64) throws -> Tensor? {
            let g = GraphBuilder()
            let y = g(
                type, g.input("x", [1, 1, 2, 2]),
                attributes: [
                    "kernel_shape": .ints([side, side]), "pads": .ints([side / 2, side / 2, side / 2, side / 2]),
                    "strides": .ints([side, side]),
                ])
            return try Session(g.model(y)).run(["x": Tensor([1, 2, 3, 6] as [Float], shape: [1, 1, 2, 2])])[y.name]
        }
        #expect(try pool(2000)?.array(of: Float.self) == [type == "MaxPool" ? 6 : 3])
        #expect(throws: QTuneError.self) { try pool((1 << 31) - 1) }
    }

    @Test mutating func whatIsTappedIsNotFused() throws {
        let g = GraphBuilder()
        let inner = conv(g, g.input("x", [1, 2, 5, 5]), 2, 3)
        let y = g("Relu", inner)
        let session = try expectSameResults(
            g.model(y), ["x": generator.floats([1, 2, 5, 5])], taps: [inner.name])
        #expect(session.operatorCounts["Relu"] == 1)
    }

    @Test(arguments: ["Relu", "LeakyRelu", "Sigmoid", "Tanh", "HardSwish"])
    mutating func activationsAreFused(type: String) throws {
        let g = GraphBuilder()
        let y = g(type, conv(g, g.input("x", [1, 2, 4, 5]), 2, 5))
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 2, 4, 5])])
        #expect(session.operatorCounts[type] == nil)
    }

    @Test mutating func siluAndChannelShuffleAreFound() throws {
        let g = GraphBuilder()
        let c = conv(g, g.input("x", [2, 2, 3, 5]), 2, 6)
        let split = g("Reshape", g("Mul", c, g("Sigmoid", c)), g.constant(Tensor([2, 3, 2, 3, 5] as [Int64])))
        let shuffled = g(
            "Reshape", g("Transpose", split, attributes: ["perm": .ints([0, 2, 1, 3, 4])]),
            g.constant(Tensor([2, 6, 3, 5] as [Int64])))
        let session = try expectSameResults(
            g.model(conv(g, shuffled, 6, 2)), ["x": generator.floats([2, 2, 3, 5])])
        #expect(session.operatorCounts["qtune.ChannelShuffle"] == 1)
        #expect(session.operatorCounts["qtune.ChannelsLast"] == 1)
        #expect(session.operatorCounts["Sigmoid"] == nil)
    }

    /// What stands between convolutions and names axes, or gives a number for each.
    @Test(arguments: 0..<8) mutating func nodesThatNameAxes(which: Int) throws {
        let g = GraphBuilder()
        let x = conv(g, g.input("x", [1, 2, 6, 5]), 2, 4)
        let ints = { (values: [Int64]) in g.constant(Tensor(values)) }
        let y: GraphBuilder.Expression
        switch which {
        case 0: y = g("Slice", x, ints([1]), ints([3]), ints([1]))
        case 1: y = g("Pad", x, ints([0, 0, 1, 2, 0, 1, 0, 0]))
        case 2: y = g("ReduceMean", x, ints([2, 3]), attributes: ["keepdims": .int(0)])
        case 3: y = g("ReduceMax", x, ints([-3]), attributes: ["keepdims": .int(1)])
        case 4: y = g("Softmax", x, attributes: ["axis": .int(1)])
        case 5: y = g("Mul", x, g.constant(generator.floats([4, 1, 1])))
        case 6:
            let parts = g.apply("Split", [x, ints([1, 3])], results: [nil, nil], attributes: ["axis": .int(1)])
            y = g("Concat", parts[1], parts[0], attributes: ["axis": .int(-3)])
        default: y = g("PRelu", x, g.constant(generator.floats([4, 1, 1])))
        }
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 2, 6, 5])])
        #expect(session.operatorCounts["qtune.Conv2D"] == 1)
    }

    /// Converters from NHWC frameworks put transpositions round the graph; none is left.
    @Test mutating func transpositionsRoundTheGraphVanish() throws {
        let g = GraphBuilder()
        let x = g("Transpose", g.input("x", [1, 5, 6, 2]), attributes: ["perm": .ints([0, 3, 1, 2])])
        let y = g("Transpose", conv(g, x, 2, 3), attributes: ["perm": .ints([0, 2, 3, 1])])
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 5, 6, 2])])
        #expect(session.operatorCounts == ["qtune.Conv2D": 1])
    }

    @Test mutating func productsTakeTheirBias() throws {
        let g = GraphBuilder()
        let product = g("MatMul", g.input("x", [2, 3, 5]), g.constant(generator.floats([5, 4])))
        let y = g("Relu", g.constant(generator.floats([4])) + product)
        let session = try expectSameResults(g.model(y), ["x": generator.floats([2, 3, 5])])
        #expect(session.operatorCounts == ["qtune.Linear": 1])
    }
}

/// Convolutions that another optimizer fused run on the kernels of ordinary ones.
struct FusedConvolutionTests {
    @Test(
        arguments: [
            ("Relu", []), ("Clip", [-0.25, 0.5]), ("LeakyRelu", [0.1]), ("Sigmoid", []), ("Tanh", []), ("", []),
        ] as [(String, [Float])], [false, true])
    func activations(kind: (name: String, numbers: [Float]), adds: Bool) throws {
        var generator = SeededGenerator(seed: 71)
        let g = GraphBuilder()
        let x = g("Relu", g.input("x", [1, 3, 6, 5]))
        var attributes: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]
        if !kind.name.isEmpty { attributes["activation"] = .string(kind.name) }
        if !kind.numbers.isEmpty { attributes["activation_params"] = .floats(kind.numbers) }
        let operands =
            [x, g.constant(generator.floats([4, 3, 3, 3])), g.constant(generator.floats([4]))]
            + (adds ? [g.input("z", [1, 4, 6, 5])] : [])
        let y = g.apply("com.microsoft.FusedConv", operands, results: [nil], attributes: attributes)[0]
        var feeds = ["x": generator.floats([1, 3, 6, 5])]
        if adds { feeds["z"] = generator.floats([1, 4, 6, 5]) }
        let session = try expectSameResults(g.model(g("Neg", y)), feeds)
        #expect(session.operatorCounts["qtune.Conv2D"] == 1 && session.operatorCounts["com.microsoft.FusedConv"] == nil)
    }

    @Test func otherActivationsStayFused() throws {
        var generator = SeededGenerator(seed: 72)
        let g = GraphBuilder()
        let y = g(
            "com.microsoft.FusedConv", g.input("x", [1, 2, 4, 4]), g.constant(generator.floats([2, 2, 1, 1])),
            attributes: ["activation": .string("HardSigmoid"), "activation_params": .floats([0.2, 0.5])])
        let session = try expectSameResults(g.model(y), ["x": generator.floats([1, 2, 4, 4])])
        #expect(session.report("expand-fused-convolution")?.refusals.count == 1)
    }
}
