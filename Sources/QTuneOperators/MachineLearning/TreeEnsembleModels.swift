import QTuneGraph
import QTuneTensor

/// Trees whose weights are added up (or averaged, or the least or largest of them taken) for each target.
struct TreeEnsembleRegressor: MachineLearningOperator {
    static let name = "TreeEnsembleRegressor"
    static let versions = [1, 3, 5]

    private let forest: Forest
    private let aggregation: Aggregation
    private let transform: ScoreTransform
    private let base: [Double]
    private let targets: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        targets = try node.required("n_targets", try node.int("n_targets"))
        switch try node.string("aggregate_function") ?? "SUM" {
        case "AVERAGE": aggregation = .average
        case "SUM": aggregation = .sum
        case "MIN": aggregation = .minimum
        case "MAX": aggregation = .maximum
        case let other: throw QTuneError(.invalidModel, "attribute 'aggregate_function' is '\(other)'")
        }
        transform = try ScoreTransform(node)
        base = try node.reals("base_values") ?? []
        forest = try Forest(
            try ForestLayout(nodesOf: node, weights: "target", targets: targets),
            isDouble: try node.hasDoubles("nodes_values", "target_weights", "base_values"))
        guard base.isEmpty || base.count == targets else {
            throw QTuneError(.invalidModel, "\(base.count) base values for \(targets) targets")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, [FeatureRows.inferCount(context[0]), .fixed(targets)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let table = try forest.evaluate(
            input, aggregate: aggregation, targets: targets, finish: TargetScores(base: base, transform: transform),
            pool: context.pool)
        return [.tensor(try table.asFloat32())]
    }
}

/// What becomes of the sums of a regression: base values are added, then the transform comes.
struct TargetScores: ForestFinish {
    let base: [Double]
    let transform: ScoreTransform

    func finish<Real: BinaryFloatingPoint>(_ sample: Int, _ sums: inout [Real], _ given: [Bool]) {
        for index in base.indices { sums[index] += Real(base[index]) }
        // A single target has nothing to be weighed against.
        if sums.count > 1 || transform == .probit { transform.apply(to: &sums) }
    }
}

/// Trees whose weights are the votes for classes. Gives the label with the most votes, and the scores.
struct TreeEnsembleClassifier: MachineLearningOperator {
    static let name = "TreeEnsembleClassifier"
    static let versions = [1, 3, 5]

    private let forest: Forest
    private let labels: ClassLabels
    private let votes: ClassVotes

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...2)
        let labels = try ClassLabels.required(
            node, integers: "classlabels_int64s", strings: "classlabels_strings")
        // One label alone cannot tell what a sample is that does not belong to the class.
        self.labels = labels.count == 1 ? labels.decision : labels
        let base = try node.reals("base_values") ?? []
        guard base.count <= labels.count else {
            throw QTuneError(.invalidModel, "\(base.count) base values for \(labels.count) classes")
        }
        let layout = try ForestLayout(nodesOf: node, weights: "class", targets: labels.count)
        forest = try Forest(
            layout, isDouble: try node.hasDoubles("nodes_values", "class_weights", "base_values"))
        votes = ClassVotes(
            base: base, transform: try ScoreTransform(node), classes: labels.count,
            hasOneTarget: Set(layout.leaves.joined().map(\.target)).count == 1,
            arePositive: layout.leaves.joined().allSatisfy { $0.weight >= 0 })
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let count = FeatureRows.inferCount(context[0])
        return [.tensor(labels.dtype, [count]), .tensor(.float32, [count, .fixed(votes.classes)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let winners = try EvaluationContext.fresh(.int32, [FeatureRows(input.shape).count])
        let scores = try forest.evaluate(
            input, aggregate: .sum, targets: votes.classes, finish: VoteCount(votes: votes, winners: winners),
            pool: context.pool)
        let places = winners.array(of: Int32.self).map { Int($0) }
        return [.tensor(labels.tensor(at: places)), .tensor(try scores.asFloat32())]
    }
}

/// Counts votes, and writes down who wins.
private struct VoteCount: ForestFinish {
    let votes: ClassVotes
    /// int32, one for each sample.
    let winners: Tensor

    func finish<Real: BinaryFloatingPoint>(_ sample: Int, _ sums: inout [Real], _ given: [Bool]) {
        let winner = votes.decide(&sums, given)
        winners.withMutableSpan(of: Int32.self) { $0[sample] = Int32(winner) }
    }
}

/// Trees of opset 5: branches and leaves in lists of their own, tests of membership among them. Gives a value for each
/// target, of the type of the operand.
struct TreeEnsemble: MachineLearningOperator {
    static let name = "TreeEnsemble"
    static let versions = [5]

    private let forest: Forest
    private let aggregation: Aggregation
    private let transform: ScoreTransform
    private let targets: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        targets = try node.int("n_targets") ?? 1
        guard let aggregation = Aggregation(rawValue: try node.int("aggregate_function") ?? 1),
            let transform = ScoreTransform(rawValue: try node.int("post_transform") ?? 0)
        else {
            throw QTuneError(.invalidModel, "attributes 'aggregate_function' and 'post_transform' are out of range")
        }
        self.aggregation = aggregation
        self.transform = transform
        let layout = try ForestLayout(treesOf: node, targets: targets)
        forest = try Forest(layout, isDouble: try node.tensor("nodes_splits")?.dtype == .float64)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, [FeatureRows.inferCount(context[0]), .fixed(targets)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let table = try forest.evaluate(
            input, aggregate: aggregation, targets: targets, finish: TargetScores(base: [], transform: transform),
            pool: context.pool)
        switch input.dtype {
        case .float16:
            let output = try context.makeOutput(0, .float16, table.shape)
            try table.asFloat32().narrow(into: output)
            return [.tensor(output)]
        case .float64: return [.tensor(try table.asFloat64())]
        default: return [.tensor(try table.asFloat32())]
        }
    }
}

extension ForestLayout {
    /// The trees of TreeEnsemble.
    init(treesOf node: NodeReader, targets: Int) throws {
        func list(_ name: String) throws -> [Int] { try node.required(name, try node.ints(name)) }
        let features = try list("nodes_featureids")
        let modes = try node.required("nodes_modes", try node.tensor("nodes_modes")?.integers)
        let thresholds = try node.required("nodes_splits", try node.tensor("nodes_splits")).doubles()
        let missing = try node.ints("nodes_missing_value_tracks_true") ?? features.map { _ in 0 }
        let links = [
            try list("nodes_truenodeids"), try list("nodes_trueleafs"), try list("nodes_falsenodeids"),
            try list("nodes_falseleafs"),
        ]
        let weights = try node.required("leaf_weights", try node.tensor("leaf_weights")).doubles()
        let leafTargets = try list("leaf_targetids")
        guard (links + [modes.map { $0 }, missing]).allSatisfy({ $0.count == features.count }),
            thresholds.count == features.count, weights.count == leafTargets.count
        else { throw QTuneError(.invalidModel, "the attributes 'nodes_...' or 'leaf_...' differ in length") }
        members = try Self.memberSets(try node.tensor("membership_values")?.doubles() ?? [])
        var sets = 0
        var branches: [Branch] = []
        for index in features.indices {
            guard let mode = UInt8(exactly: modes[index]), let test = BranchTest(rawValue: mode) else {
                throw QTuneError(.invalidModel, "attribute 'nodes_modes' holds \(modes[index])")
            }
            branches.append(
                Branch(
                    feature: features[index], threshold: thresholds[index], test: test,
                    missingIsTrue: missing[index] != 0,
                    whenTrue: links[1][index] != 0 ? .leaf(links[0][index]) : .branch(links[0][index]),
                    whenFalse: links[3][index] != 0 ? .leaf(links[2][index]) : .branch(links[2][index]),
                    memberSet: test == .member ? sets : nil))
            if test == .member { sets += 1 }
        }
        self.branches = branches
        leaves = zip(leafTargets, weights).map { [($0, $1)] }
        roots = try list("tree_roots").map { .branch($0) }
        self.targets = targets
    }

    /// The sets between which NaN stands.
    private static func memberSets(_ values: [Double]) throws -> [[Double]] {
        values.split(omittingEmptySubsequences: false, whereSeparator: \.isNaN).map(Array.init)
    }
}
