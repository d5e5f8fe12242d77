import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor
import Testing

/// Expected values are ONNX Runtime's, or worked out by hand.
@Suite struct MachineLearningTests {
    private func evaluate(
        _ opType: String, opset: Int = 3, _ attributes: [String: Attribute], _ operand: Tensor, outputs: Int = 1
    ) throws -> [Tensor] {
        try evaluateNode(opType, domain: "ai.onnx.ml", opset: opset, attributes, [operand], outputs: outputs)
    }

    private func strings(_ values: [String]) -> Attribute { .strings(values.map { Array($0.utf8) }) }

    /// A stump: feature 0 at most 0.5 leads to node 1, otherwise to node 2.
    private func stump(_ prefix: String, weights: [Float], targets: [Int64] = [0, 0]) -> [String: Attribute] {
        [
            "nodes_treeids": .ints([0, 0, 0]), "nodes_nodeids": .ints([0, 1, 2]),
            "nodes_featureids": .ints([0, 0, 0]), "nodes_modes": strings(["BRANCH_LEQ", "LEAF", "LEAF"]),
            "nodes_values": .floats([0.5, 0, 0]), "nodes_truenodeids": .ints([1, 0, 0]),
            "nodes_falsenodeids": .ints([2, 0, 0]), "nodes_missing_value_tracks_true": .ints([1, 0, 0]),
            "\(prefix)_treeids": .ints([0, 0]), "\(prefix)_nodeids": .ints([1, 2]),
            "\(prefix)_ids": .ints(targets), "\(prefix)_weights": .floats(weights),
        ]
    }

    private let samples = float32([0.5, 9, 0.75, 9, .nan, 9], [3, 2])

    @Test func treesFollowTheirBranches() throws {
        var attributes = stump("target", weights: [-2, 3])
        attributes["n_targets"] = .int(1)
        attributes["base_values"] = .floats([0.25])
        let result = try evaluate("TreeEnsembleRegressor", attributes, samples)
        #expect(result[0].shape == [3, 1])
        #expect(agrees(result[0], [-1.75, 3.25, -1.75]))
        let integers = try evaluate("TreeEnsembleRegressor", attributes, ints([0, 0, 1, 0], [2, 2]))
        #expect(agrees(integers[0], [-1.75, 3.25]))
    }

    @Test func oneVoteDecidesBetweenTwoClasses() throws {
        var attributes = stump("class", weights: [0.25, 0.75])
        attributes["classlabels_strings"] = strings(["no", "yes"])
        let positive = try evaluate("TreeEnsembleClassifier", attributes, samples, outputs: 2)
        #expect(positive[0].strings == ["no", "yes", "no"])
        #expect(agrees(positive[1], [0.75, 0.25, 0.25, 0.75, 0.75, 0.25]))
        attributes["class_weights"] = .floats([-1, 2])
        attributes["post_transform"] = .string("LOGISTIC")
        let margins = try evaluate("TreeEnsembleClassifier", attributes, samples, outputs: 2)
        #expect(margins[0].strings == ["no", "yes", "no"])
        #expect(agrees(margins[1], [0.7310586, 0.26894143, 0.11920291, 0.880797, 0.7310586, 0.26894143]))
    }

    @Test func theClassWithMostVotesWins() throws {
        var attributes = stump("class", weights: [2, 1], targets: [2, 1])
        attributes["classlabels_int64s"] = .ints([7, 8, 9])
        attributes["post_transform"] = .string("SOFTMAX")
        let result = try evaluate("TreeEnsembleClassifier", attributes, samples, outputs: 2)
        #expect(result[0].integers == [9, 8, 9])
        #expect(
            agrees(
                result[1],
                [
                    0.10650698, 0.10650698, 0.78698604, 0.21194156, 0.57611688, 0.21194156,
                    0.10650698, 0.10650698, 0.78698604,
                ]))
    }

    @Test func treesThatLoopOrPointNowhereAreRefused() throws {
        for change: [String: Attribute] in [
            ["nodes_truenodeids": .ints([0, 0, 0])], ["nodes_truenodeids": .ints([5, 0, 0])],
            ["nodes_featureids": .ints([-1, 0, 0])], ["nodes_featureids": .ints([.max, 0, 0])],
            ["target_ids": .ints([0, 4])], ["target_nodeids": .ints([0])], ["n_targets": .int(.max)],
            ["n_targets": .int(0)], ["nodes_modes": strings(["LEAF"])], ["nodes_nodeids": .ints([0, 1, 1])],
        ] {
            var attributes = stump("target", weights: [-2, 3])
            attributes["n_targets"] = .int(1)
            attributes.merge(change) { $1 }
            #expect(throws: QTuneError.self) { try evaluate("TreeEnsembleRegressor", attributes, samples) }
        }
        var attributes = stump("target", weights: [-2, 3])
        attributes["n_targets"] = .int(1)
        attributes["nodes_featureids"] = .ints([6, 0, 0])
        #expect(throws: QTuneError.self) { try evaluate("TreeEnsembleRegressor", attributes, samples) }
    }

    @Test func branchesAskForMembership() throws {
        let attributes: [String: Attribute] = [
            "n_targets": .int(2), "tree_roots": .ints([0]), "nodes_featureids": .ints([0]),
            "nodes_modes": .tensor(Tensor([UInt8(6)])), "nodes_splits": .tensor(float32([0], [1])),
            "membership_values": .tensor(float32([1, 3, .nan], [3])), "nodes_truenodeids": .ints([0]),
            "nodes_trueleafs": .ints([1]), "nodes_falsenodeids": .ints([1]), "nodes_falseleafs": .ints([1]),
            "leaf_targetids": .ints([0, 1]), "leaf_weights": .tensor(float32([5, 6], [2])),
        ]
        let result = try evaluate("TreeEnsemble", opset: 5, attributes, float32([3, 2, .nan], [3, 1]))
        #expect(agrees(result[0], [5, 0, 0, 6, 0, 6]))
    }

    @Test func linearModels() throws {
        let classifier: [String: Attribute] = [
            "coefficients": .floats([1, -1]), "intercepts": .floats([0.5]), "classlabels_ints": .ints([3, 4]),
            "post_transform": .string("LOGISTIC"),
        ]
        let x = float32([1, 0.5, 0, 2], [2, 2])
        let classes = try evaluate("LinearClassifier", classifier, x, outputs: 2)
        #expect(classes[0].integers == [4, 3])
        #expect(agrees(classes[1], [0.26894143, 0.7310586, 0.8175745, 0.18242552]))
        let regressor: [String: Attribute] = [
            "coefficients": .floats([1, -1, 2, 0]), "intercepts": .floats([0.5, 1]), "targets": .int(2),
        ]
        #expect(agrees(try evaluate("LinearRegressor", regressor, x)[0], [1, 3, -1.5, 1]))
    }

    @Test func supportVectors() throws {
        let regressor: [String: Attribute] = [
            "kernel_type": .string("RBF"), "kernel_params": .floats([0.5, 0, 3]), "rho": .floats([0.25]),
            "coefficients": .floats([2, -1]), "support_vectors": .floats([0, 0, 1, 1]), "n_supports": .int(2),
        ]
        let x = float32([1, 0], [1, 2])
        #expect(agrees(try evaluate("SVMRegressor", regressor, x)[0], [0.85653067]))
        let classifier: [String: Attribute] = [
            "kernel_type": .string("POLY"), "kernel_params": .floats([1, 1, 2]), "rho": .floats([-3]),
            "coefficients": .floats([1, -0.5]), "support_vectors": .floats([1, 0, 0, 1]),
            "vectors_per_class": .ints([1, 1]), "classlabels_strings": strings(["a", "b"]),
        ]
        let classes = try evaluate("SVMClassifier", classifier, x, outputs: 2)
        #expect(classes[0].strings == ["a"])
        #expect(agrees(classes[1], [-0.5, 0.5]))
    }

    @Test func featuresAreScaledAndChosen() throws {
        let x = float32([1, -2, 0, 0], [2, 2])
        #expect(agrees(try evaluate("Normalizer", ["norm": .string("L1")], x)[0], [1 / 3, -2 / 3, 0, 0]))
        #expect(agrees(try evaluate("Normalizer", ["norm": .string("L2")], x)[0], [0.4472136, -0.8944272, 0, 0]))
        #expect(
            agrees(
                try evaluate("Scaler", ["offset": .floats([1, 2]), "scale": .floats([2, 3])], x)[0], [0, -12, -2, -6]))
        #expect(
            agrees(
                try evaluate(
                    "Imputer", ["imputed_value_floats": .floats([7, 8]), "replaced_value_float": .float(.nan)],
                    float32([.nan, 1, 2, .nan], [2, 2]))[0], [7, 1, 2, 8]))
        let chosen = try evaluateNode(
            "ArrayFeatureExtractor", domain: "ai.onnx.ml", opset: 1,
            [:], [Tensor(strings: ["p", "q"], shape: [2]), ints([1, 1, 0])])
        #expect(chosen[0].strings == ["q", "q", "p"] && chosen[0].shape == [1, 3])
        let columns = try evaluateNode(
            "FeatureVectorizer", domain: "ai.onnx.ml", opset: 1, ["inputdimensions": .ints([1, 2])],
            [x, ints([5, 6], [2, 1])])
        #expect(agrees(columns[0], [1, 5, 0, 0, 6, 0]))
    }

    @Test func labelsMapToLabels() throws {
        let text = Tensor(strings: ["a", "z", "b"], shape: [3])
        let numbers = try evaluate(
            "LabelEncoder", ["keys_strings": strings(["a", "b"]), "values_int64s": .ints([4, 5])], text)
        #expect(numbers[0].integers == [4, -1, 5])
        let names = try evaluate(
            "LabelEncoder", opset: 4,
            ["keys_floats": .floats([.nan, 1]), "values_strings": strings(["none", "one"])],
            float32([1, .nan, 2], [3]))
        #expect(names[0].strings == ["one", "none", "_Unused"])
        let places = try evaluate("LabelEncoder", opset: 1, ["classes_strings": strings(["b", "a"])], text)
        #expect(places[0].integers == [1, -1, 0])
        let hot = try evaluate("OneHotEncoder", ["cats_strings": strings(["b", "a"])], text)
        #expect(agrees(hot[0], [0, 1, 0, 0, 1, 0]))
        let categories: [String: Attribute] = ["cats_strings": strings(["a", "b"]), "cats_int64s": .ints([8, 9])]
        #expect(try evaluate("CategoryMapper", categories, text)[0].integers == [8, -1, 9])
        #expect(try evaluate("CategoryMapper", categories, ints([9, 1]))[0].strings == ["b", "_Unused"])
    }

    @Test func mapsComeAndGo() throws {
        func run(_ opType: String, _ attributes: [String: Attribute], _ operand: Value) throws -> [Value] {
            let node = Node(opType, domain: "ai.onnx.ml", inputs: ["x"], outputs: ["y"], attributes: attributes)
            return try OperatorRegistry.standard.make(node, opsets: ["ai.onnx.ml": 1]).evaluate(
                EvaluationContext(inputs: [operand], outputCount: 1, pool: ThreadPool(threads: 1)))
        }
        let maps = try run(
            "ZipMap", ["classlabels_int64s": .ints([7, 3])], .tensor(float32([0.25, 0.75], [1, 2])))
        let map = Value.map(keys: ints([3, 7]), values: float32([0.75, 0.25], [2]))
        #expect(maps == [.sequence([map])])
        #expect(
            try run("DictVectorizer", ["int64_vocabulary": .ints([7, 1, 3])], map)
                == [.tensor(float32([0.25, 0, 0.75], [1, 3]))])
        #expect(try run("CastMap", [:], map) == [.tensor(float32([0.75, 0.25], [1, 2]))])
        #expect(
            try run(
                "CastMap", ["map_form": .string("SPARSE"), "max_map": .int(4)],
                .map(
                    keys: ints([1, 3]), values: float32([2, 4], [2])))
                == [.tensor(float32([0, 2, 0, 4], [1, 4]))])
        #expect(throws: QTuneError.self) { try run("CastMap", ["map_form": .string("SPARSE")], map) }
    }
}
