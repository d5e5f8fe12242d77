import QTuneGraph
import QTuneOperators
import QTuneTensor
import QTuneTestSupport
import Testing

/// Names of lengths through shape arithmetic: equal lengths keep equal names.
@Suite struct SymbolicLengthTests {
    private static let batch = Dimension.symbolic("batch")
    private static let sequence = Dimension.symbolic("sequence")

    /// What is inferred of the result that `build` makes of x[batch, sequence, 6].
    private func inferred(
        _ dimensions: [Dimension] = [batch, sequence, .fixed(6)],
        _ build: (GraphBuilder, GraphBuilder.Expression) -> GraphBuilder.Expression
    ) throws -> String {
        let g = GraphBuilder()
        let result = build(g, g.input("x", dimensions: dimensions))
        let type = try ShapeInference.infer(g.model(result))[result.name]?.type
        return type?.description ?? "nothing"
    }

    @Test func reshapedAndBack() throws {
        #expect(
            try inferred { g, x in g("Reshape", x, g.constant(Tensor([-1, 6] as [Int64]))) }
                == "float32[batch*sequence, 6]")
        #expect(
            try inferred { g, x in g("Reshape", x, g.constant(Tensor([0, -1] as [Int64]))) }
                == "float32[batch, 6*sequence]")
        #expect(
            try inferred { g, x in g("Reshape", x, g.constant(Tensor([0, 0, 2, -1] as [Int64]))) }
                == "float32[batch, sequence, 2, 3]")
        #expect(
            try inferred { g, x in
                let flat = g("Reshape", x, g.constant(Tensor([-1, 3] as [Int64])))
                return g("Reshape", flat, g("Shape", x))
            } == "float32[batch, sequence, 6]")
        #expect(try inferred { g, x in g("Flatten", x, attributes: ["axis": .int(2)]) } == "float32[batch*sequence, 6]")
    }

    @Test func joinedAndCut() throws {
        #expect(
            try inferred { g, x in g("Concat", x, x, attributes: ["axis": .int(1)]) }
                == "float32[batch, 2*sequence, 6]")
        let one = Tensor([1] as [Int64])
        let row = Tensor(zeros: .float32, shape: [1, 1, 6])
        #expect(
            try inferred { g, x in g("Concat", x, g.constant(row), attributes: ["axis": .int(1)]) }
                == "float32[1, sequence + 1, 6]")
        #expect(
            try inferred { g, x in
                let padded = g("Pad", x, g.constant(Tensor([0, 1, 0, 0, 0, 0] as [Int64])))
                return g("Slice", padded, g.constant(one), g.constant(Tensor([Int64.max])), g.constant(one))
            } == "float32[batch, sequence, 6]")
    }

    /// A table of 512 positions cut to the sequence's length, as transformers do.
    @Test func aTableCutToALength() throws {
        func table(_ g: GraphBuilder, _ x: GraphBuilder.Expression) -> GraphBuilder.Expression {
            let length = g("Gather", g("Shape", x), g.constant(Tensor([1] as [Int64])))
            return g(
                "Slice", g.constant(Tensor(zeros: .float32, shape: [1, 512, 6])), g.constant(Tensor([0] as [Int64])),
                length,
                g.constant(Tensor([1] as [Int64])))
        }
        #expect(try inferred { g, x in table(g, x) } == "float32[1, min(sequence, 512), 6]")
        #expect(try inferred { g, x in x + table(g, x) } == "float32[batch, sequence, 6]")
        #expect(try inferred { g, x in table(g, x) + x } == "float32[batch, sequence, 6]")
    }

    /// Names that double with each node are given up.
    @Test func namesThatGrowAreUnknown() throws {
        func text(_ step: (GraphBuilder, GraphBuilder.Expression, GraphBuilder.Expression) -> GraphBuilder.Expression)
            throws -> String
        {
            try inferred { g, x in
                let lengths = g("Shape", x)
                let other = g("Gather", lengths, g.constant(Tensor([0] as [Int64])))
                var length = g("Gather", lengths, g.constant(Tensor([1] as [Int64])))
                for _ in 0..<60 { length = step(g, length, other) }
                return g("ConstantOfShape", length)
            }
        }
        let unknown = try inferred([.unknown]) { _, x in x }
        #expect(try text { g, x, _ in g("Mul", x, x) } == unknown)
        #expect(try text { g, x, y in g("Add", g("Mul", x, x), y) } == unknown)
        #expect(try text { g, x, y in g("Min", g("Max", x, y), g("Mul", x, y)) } == unknown)
    }

    @Test func windowsOverOpenLengths() throws {
        let image: [Dimension] = [Self.batch, .fixed(3), .symbolic("height"), .symbolic("width")]
        func pooled(_ attributes: [String: Attribute]) throws -> String {
            try inferred(image) { g, x in g("MaxPool", x, attributes: attributes) }
        }
        let three = Attribute.ints([3, 3])
        #expect(
            try pooled(["kernel_shape": three, "pads": .ints([1, 1, 1, 1])]) == "float32[batch, 3, height, width]")
        #expect(try pooled(["kernel_shape": three]) == "float32[batch, 3, height - 2, width - 2]")
        #expect(
            try pooled(["kernel_shape": three, "strides": .ints([2, 1]), "pads": .ints([1, 1, 1, 1])])
                == "float32[batch, 3, floor((height - 1)/2) + 1, width]")
        #expect(
            try pooled(["kernel_shape": three, "strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")])
                == "float32[batch, 3, floor((height + 1)/2), floor((width + 1)/2)]")
    }

    /// The length of `axis`, as an integer.
    private func length(_ g: GraphBuilder, _ x: GraphBuilder.Expression, _ axis: Int64) -> GraphBuilder.Expression {
        g("Gather", g("Shape", x), g.constant(Tensor([axis])))
    }

    /// What a division rounds down is only known where nothing can be negative: it truncates.
    @Test func quotientsWithARest() throws {
        func expanded(_ length: (GraphBuilder, GraphBuilder.Expression) -> GraphBuilder.Expression) throws -> String {
            try inferred { g, x in g("ConstantOfShape", length(g, self.length(g, x, 1))) }
        }
        func number(_ value: Int64, _ g: GraphBuilder) -> GraphBuilder.Expression { g.constant(Tensor([value])) }
        #expect(try expanded { g, n in (n + number(1, g)) / number(2, g) } == "float32[floor((sequence + 1)/2)]")
        #expect(try expanded { g, n in (n - number(5, g)) / number(2, g) } == "float32[?]")
        #expect(
            try expanded { g, n in (n * number(2, g) - number(4, g)) / number(2, g) } == "float32[sequence - 2]")
        // Of floats a rest stays.
        #expect(
            try expanded { g, n in
                let half = g("Cast", n, attributes: ["to": .int(1)]) / g.constant(Tensor([2] as [Float]))
                return g("Cast", half * g.constant(Tensor([2] as [Float])), attributes: ["to": .int(7)])
            } == "float32[?]")
    }

    /// A length that the engine wrote with a difference in it may be negative, and cut from the other end.
    @Test(arguments: ["floor((sequence - 5)/2)", "min(sequence - 5, 3)"])
    func whatMayBeNegativeCutsNothing(_ name: String) throws {
        let lengths = [Self.batch, .symbolic(name), .fixed(6)]
        #expect(
            try inferred(lengths) { g, x in
                let end = self.length(g, x, 1)
                let zero = g.constant(Tensor([0] as [Int64]))
                return g("Slice", g.constant(Tensor(zeros: .float32, shape: [512])), zero, end, zero)
            } == "float32[?]")
        #expect(
            try inferred(lengths) { g, x in
                let (zero, one) = (g.constant(Tensor(scalar: Int64(0))), g.constant(Tensor(scalar: Int64(1))))
                return g("Range", zero, g("Gather", g("Shape", x), one), one)
            } == "int64[?]")
    }

    /// A name that looks like a sum or a product is one, and any other is left alone.
    @Test(arguments: [
        ("past + sequence", "past + 2*sequence"), ("2*a", "2*a + sequence"), ("unk__12", "sequence + unk__12"),
        ("a-b", "a-b + sequence"), ("z + a", "sequence + z + a"), ("*", "* + sequence"),
        ("min(a, 3)", "min(a, 3) + sequence"),
    ])
    func namesFromFiles(_ name: String, _ sum: String) throws {
        #expect(
            try inferred { g, x in
                g(
                    "Concat", x, g.input("y", dimensions: [Self.batch, .symbolic(name), .fixed(6)]),
                    attributes: ["axis": .int(1)])
            } == "float32[batch, \(sum), 6]")
    }
}
