import QTuneQuantization
import QTuneTensor
import Testing

@Suite struct RecipeTests {
    @Test func roundTrip() throws {
        var recipe = Recipe()
        recipe.calibration = .percentile(99.9)
        recipe.granularity = .tensor
        recipe.activationType = .int8
        recipe.groups["conv1"] = Recipe.GroupChoice(precision: .float32)
        recipe.groups["conv2"] = Recipe.GroupChoice(granularity: .channel, weightScale: .squaredError)
        let read = try Recipe(json: recipe.json())
        #expect(read == recipe)
    }

    @Test func handWrittenRecipeHasUsualValues() throws {
        let text = #"{"schema": 1, "groups": {"conv1": {"precision": "float32"}}}"#
        let recipe = try Recipe(json: Array(text.utf8))
        var expected = Recipe()
        expected.groups["conv1"] = Recipe.GroupChoice(precision: .float32)
        #expect(recipe == expected)
    }

    @Test(arguments: [
        (#"{"schema": 1, "granulrity": "tensor"}"#, "granularity"),
        (#"{"schema": 1, "groups": {"a": {"precison": "int8"}}}"#, "precision"),
        (#"{"schema": 1, "precision": "int7"}"#, "precision"),
        (#"{"schema": 1, "calibration": {"method": "minmax"}}"#, "method"),
        (#"{"granularity": "tensor"}"#, "schema"),
        (#"{"schema": 1,"#, "recipe"),
    ])
    func wrongOptionsAreErrors(text: String, mentioned: String) throws {
        let error = #expect(throws: QTuneError.self) { try Recipe(json: Array(text.utf8)) }
        #expect(error?.description.contains(mentioned) == true)
    }

    @Test func unknownGroupNamesItsNeighbours() throws {
        let recipe = Recipe().excluding(["features.0.conf"])
        let error = #expect(throws: QTuneError.self) {
            try recipe.validate(groups: ["features.0.conv", "features.1.conv", "classifier"])
        }
        #expect(error?.description.contains("features.0.conv") == true)
    }

    @Test func excludingAndQuantizingOnly() {
        var recipe = Recipe()
        recipe.groups["a"] = Recipe.GroupChoice(precision: .float32, granularity: .tensor)
        let only = recipe.quantizingOnly(["b"])
        #expect(only.choice(for: "a").precision == .float32)
        #expect(only.choice(for: "a").granularity == .tensor)
        #expect(only.choice(for: "b").precision == .int8)
        let without = recipe.excluding(["b"])
        #expect(without.choice(for: "a").precision == .int8)
        #expect(without.choice(for: "b").precision == .float32)
    }

    @Test(arguments: [50.0, 0, 100.1, .nan])
    func percentileOutOfRange(share: Double) {
        var recipe = Recipe()
        recipe.calibration = .percentile(share)
        #expect(throws: QTuneError.self) { try recipe.validate(groups: []) }
    }
}
