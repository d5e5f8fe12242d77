import QTuneGraph
import QTuneONNX
import QTuneQuantization
import QTuneRuntime
import QTuneTensor
import QTuneTestSupport
import Testing

/// Lookups in constant tables, as embeddings are.
@Suite struct LookupTests {
    private static let formats = Recipe.Format.allCases

    private func table(_ shape: Shape) -> Tensor {
        var random = SeededGenerator(seed: 5)
        return random.floats(shape, in: -3...2)
    }

    private func recipe(_ format: Recipe.Format, _ granularity: Recipe.Granularity = .channel) -> Recipe {
        var recipe = Recipe()
        recipe.format = format
        recipe.granularity = granularity
        return recipe
    }

    private func lookup(_ table: Tensor, axis: Int? = nil) -> Model {
        let g = GraphBuilder()
        let ids = g.input("ids", .int64, dimensions: [.symbolic("batch"), .symbolic("length")])
        let attributes: [String: Attribute] = axis.map { ["axis": .int(Int64($0))] } ?? [:]
        return g.model(g("Gather", g.constant(table, named: "table"), ids, named: "rows", attributes: attributes))
    }

    private func quantize(_ model: Model, _ recipe: Recipe) throws -> QuantizedModel {
        try Quantizer(model, statistics: Statistics()).quantize(recipe)
    }

    private func types(_ model: Model) -> [String] { model.graph.nodes.map(\.opType).sorted() }

    /// Element [row, column] of `table` for each of `ids`, rounded to multiples of 1/127 of the largest magnitude of its
    /// row, or of the table.
    private func expected(_ table: Tensor, _ ids: [Int], perRow: Bool) -> [Float] {
        let values = table.array(of: Float.self)
        let width = table.shape[1]
        return ids.flatMap { id in
            let row = values[id * width..<(id + 1) * width]
            let scale = (perRow ? Array(row) : values).map(abs).reduce(0, max) / 127
            return row.map { Float(Int8(($0 / scale).rounded(.toNearestOrEven))) * scale }
        }
    }

    @Test(arguments: formats, Recipe.Granularity.allCases)
    func rowsHaveTheValuesOfIntegers(format: Recipe.Format, granularity: Recipe.Granularity) throws {
        let values = table([64, 80])
        let quantized = try quantize(lookup(values), recipe(format, granularity)).model
        let isPerRow = granularity == .channel
        #expect(types(quantized) == (isPerRow ? ["Cast", "Gather", "Gather", "Mul"] : ["DequantizeLinear", "Gather"]))
        let ids = [0, 63, 7, 7, 31, 2]
        let feed = Tensor(ids.map { Int64($0) }, shape: [2, 3])
        for optimizes in [true, false] {
            let session = try Session(quantized, options: SessionOptions(optimizes: optimizes))
            let rows = try #require(try session.run(["ids": feed])["rows"])
            #expect(rows == Tensor(expected(values, ids, perRow: isPerRow), shape: [2, 3, 80]))
        }
    }

    /// Along another axis the scales stand along that axis too.
    @Test(arguments: [1, -1])
    func columnsAreLookedUp(axis: Int) throws {
        let values = table([80, 64])
        let ids = Tensor([5, 0, 63, 9] as [Int64], shape: [1, 4])
        let float = try Session(lookup(values, axis: axis)).run(["ids": ids])["rows"]
        let quantized = try quantize(lookup(values, axis: axis), recipe(.dynamic)).model
        let rows = try #require(try Session(quantized).run(["ids": ids])["rows"])
        #expect(rows.shape == [80, 1, 4])
        let pairs = zip(rows.array(of: Float.self), try #require(float).array(of: Float.self))
        // Half of the largest scale.
        #expect(pairs.allSatisfy { abs($0 - $1) <= 3 / 127 / 2 * 1.001 })
    }

    /// Two lookups in one table, a product with weights, and a table too small to be worth anything.
    private func encoder() -> Model {
        let g = GraphBuilder()
        let ids = g.input("ids", .int64, dimensions: [.symbolic("batch"), .symbolic("length")])
        let words = g.constant(table([200, 64]), named: "words")
        let kinds = g.constant(table([4, 64]), named: "kinds")
        let sum = g("Gather", words, ids) + g("Gather", words, g("Abs", ids)) + g("Gather", kinds, g("Sign", ids))
        return g.model(g("MatMul", sum, g.constant(table([64, 32])), named: "y"))
    }

    @Test(arguments: formats)
    func filesShrinkAndResultsStay(format: Recipe.Format) throws {
        let model = encoder()
        let runs = (0..<4).map { run in
            ["ids": Tensor((0..<6).map { Int64(run * 41 + $0 * 3) }, shape: [1, 6])]
        }
        let statistics = try Calibrator.gather(model, source: TensorFeeds(runs))
        let quantizer = Quantizer(model, statistics: statistics)
        #expect(quantizer.groups.map(\.operation) == ["Gather", "Gather", "MatMul"])
        let quantized = Compaction.compact(try quantizer.quantize(recipe(format)).model)
        let bytes = (try ModelWriter.encode(model).count, try ModelWriter.encode(quantized).count)
        // A byte an element, a scale a row or column, and the small table in float.
        #expect(bytes.0 > 4 * (200 * 64 + 64 * 32))
        #expect(bytes.1 < 200 * 64 + 64 * 32 + 4 * (200 + 32 + 4 * 64) + 1500)
        let (float, int8) = (try Session(model), try Session(quantized))
        for run in runs {
            let reference = try #require(try float.run(run)["y"]).array(of: Float.self)
            let result = try #require(try int8.run(run)["y"]).array(of: Float.self)
            let error = zip(reference, result).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            #expect(error < 0.001 * reference.reduce(0) { $0 + $1 * $1 })
        }
    }

    /// What reads the table besides its lookup.
    enum OtherReader: CaseIterable { case transpose, caller, excludedLookup }

    /// A table that stays in the file as floats anyway, as where logits are products with the embeddings, is not
    /// written as integers too.
    @Test(arguments: formats, OtherReader.allCases)
    func tablesThatAreAlsoReadAsFloatsStayFloat(format: Recipe.Format, reader: OtherReader) throws {
        let g = GraphBuilder()
        let ids = g.input("ids", .int64, dimensions: [.symbolic("batch"), .symbolic("length")])
        let words = g.constant(table([200, 64]), named: "words")
        let rows = g("Gather", words, ids)
        let other =
            switch reader {
            case .transpose: g("MatMul", rows, g("Transpose", words, attributes: ["perm": .ints([1, 0])]))
            case .caller: words
            case .excludedLookup: g("Gather", words, g("Abs", ids))
            }
        let model = g.model(rows, other)
        let groups = QuantizationGroups.find(model)
        let excluded = reader == .excludedLookup ? groups.dropFirst().map(\.name) : []
        let result = try quantize(model, recipe(format).excluding(excluded))
        #expect(result.model == model)
        #expect(result.notes.map(\.subject) == [groups[0].name])
        #expect(result.notes.allSatisfy { $0.message.contains("also read as floats") })
    }

    /// The product's weights become integers, so that nothing reads the table as floats.
    @Test(arguments: formats)
    func tablesThatAreAlsoWeightsAreIntegers(format: Recipe.Format) throws {
        let g = GraphBuilder()
        let ids = g.input("ids", .int64, dimensions: [.symbolic("batch"), .symbolic("length")])
        let words = g.constant(table([64, 64]), named: "words")
        let model = g.model(g("MatMul", g("Gather", words, ids), words))
        let feeds = TensorFeeds([["ids": Tensor([0, 9, 63] as [Int64], shape: [1, 3])]])
        let quantizer = Quantizer(model, statistics: try Calibrator.gather(model, source: feeds))
        let result = try quantizer.quantize(recipe(format))
        #expect(result.notes.isEmpty)
        #expect(Compaction.compact(result.model).graph.initializers["words"] == nil)
        #expect(!result.model.graph.nodes.flatMap(\.inputs).contains("words"))
    }

    @Test(arguments: formats)
    func tablesThatAreExcludedStayFloat(format: Recipe.Format) throws {
        let model = lookup(table([64, 80]))
        let quantizer = Quantizer(model, statistics: Statistics())
        let recipe = recipe(format).excluding(quantizer.groups.map(\.name))
        #expect(try quantizer.quantize(recipe).model == model)
    }

    /// A mask that adds minus infinity is no table of numbers.
    @Test(arguments: formats)
    func infiniteTablesStayFloatWithANote(format: Recipe.Format) throws {
        var values = table([64, 80]).array(of: Float.self)
        values[77] = -.infinity
        let result = try quantize(lookup(Tensor(values, shape: [64, 80])), recipe(format))
        #expect(types(result.model) == ["Gather"])
        #expect(result.notes.count == 1 && result.notes[0].message.contains("infinite"))
    }
}
