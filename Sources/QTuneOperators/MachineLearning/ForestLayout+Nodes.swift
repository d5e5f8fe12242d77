import QTuneTensor

extension ForestLayout {
    /// The trees of TreeEnsembleClassifier and TreeEnsembleRegressor: parallel lists of nodes, leaves among them, and
    /// of weights that name their leaves by tree and node.
    /// - Parameter prefix: that of the lists of weights, `class` or `target`.
    init(nodesOf node: NodeReader, weights prefix: String, targets: Int) throws {
        let lists = try NodeLists(node)
        var places: [NodeID: Int] = [:]
        for (index, id) in lists.ids.enumerated() {
            guard places.updateValue(index, forKey: id) == nil else {
                throw QTuneError(.invalidModel, "node \(id.node) of tree \(id.tree) comes twice")
            }
        }
        let tests = try lists.modes.map(Self.test)
        // Leaves and branches are numbered each on their own, in the order of the lists.
        var children: [Child] = []
        var (branchCount, leafCount) = (0, 0)
        for test in tests {
            children.append(test == nil ? .leaf(leafCount) : .branch(branchCount))
            if test == nil { leafCount += 1 } else { branchCount += 1 }
        }
        func child(_ number: Int, of index: Int) throws -> Child {
            guard let place = places[NodeID(tree: lists.ids[index].tree, node: number)] else {
                throw QTuneError(
                    .invalidModel,
                    "node \(lists.ids[index].node) of tree \(lists.ids[index].tree) has a child \(number) "
                        + "that is not there")
            }
            return children[place]
        }
        branches = try tests.enumerated().compactMap { index, test in
            guard let test else { return nil }
            return Branch(
                feature: lists.features[index], threshold: lists.thresholds[index], test: test,
                missingIsTrue: lists.missing[index], whenTrue: try child(lists.whenTrue[index], of: index),
                whenFalse: try child(lists.whenFalse[index], of: index), memberSet: nil)
        }
        leaves = Array(repeating: [], count: leafCount)
        members = []
        self.targets = targets
        var seen: Set<Int> = []
        roots = zip(lists.ids, children).filter { id, _ in seen.insert(id.tree).inserted }.map(\.1)
        for weight in try Self.weights(node, prefix) {
            guard let place = places[weight.id] else {
                throw QTuneError(.invalidModel, "a weight of node \(weight.id.node) of tree \(weight.id.tree)")
            }
            // What a branch weighs is never asked for.
            if case .leaf(let leaf) = children[place] { leaves[leaf].append((weight.target, weight.weight)) }
        }
    }

    /// The test of a kind of node; nil for a leaf.
    private static func test(_ mode: String) throws -> BranchTest? {
        switch mode {
        case "BRANCH_LEQ": return .atMost
        case "BRANCH_LT": return .less
        case "BRANCH_GTE": return .atLeast
        case "BRANCH_GT": return .greater
        case "BRANCH_EQ": return .equal
        case "BRANCH_NEQ": return .notEqual
        case "LEAF": return nil
        default: throw QTuneError(.invalidModel, "attribute 'nodes_modes' holds '\(mode)'")
        }
    }

    private static func weights(
        _ node: NodeReader, _ prefix: String
    ) throws -> [(id: NodeID, target: Int, weight: Double)] {
        let trees = try node.ints("\(prefix)_treeids") ?? []
        let nodes = try node.ints("\(prefix)_nodeids") ?? []
        let targets = try node.ints("\(prefix)_ids") ?? []
        let weights = try node.reals("\(prefix)_weights") ?? []
        guard trees.count == nodes.count, trees.count == targets.count, trees.count == weights.count else {
            throw QTuneError(.invalidModel, "the attributes '\(prefix)_...' differ in length")
        }
        return trees.indices.map { (NodeID(tree: trees[$0], node: nodes[$0]), targets[$0], weights[$0]) }
    }
}

private struct NodeID: Hashable {
    var tree: Int
    var node: Int
}

/// The lists that describe nodes, all of one length.
private struct NodeLists {
    let ids: [NodeID]
    let features: [Int]
    let modes: [String]
    let thresholds: [Double]
    let whenTrue: [Int]
    let whenFalse: [Int]
    let missing: [Bool]

    init(_ node: NodeReader) throws {
        let trees = try node.ints("nodes_treeids") ?? []
        let nodes = try node.ints("nodes_nodeids") ?? []
        features = try node.ints("nodes_featureids") ?? []
        modes = try node.strings("nodes_modes") ?? []
        thresholds = try node.reals("nodes_values") ?? []
        whenTrue = try node.ints("nodes_truenodeids") ?? []
        whenFalse = try node.ints("nodes_falsenodeids") ?? []
        let missing = try node.ints("nodes_missing_value_tracks_true") ?? []
        let lengths = [
            nodes.count, features.count, modes.count, thresholds.count, whenTrue.count, whenFalse.count,
            missing.isEmpty ? trees.count : missing.count,
        ]
        guard !trees.isEmpty, lengths.allSatisfy({ $0 == trees.count }) else {
            throw QTuneError(.invalidModel, "the attributes 'nodes_...' differ in length, or hold nothing")
        }
        ids = zip(trees, nodes).map { NodeID(tree: $0, node: $1) }
        self.missing = missing.isEmpty ? trees.map { _ in false } : missing.map { $0 != 0 }
    }
}

extension NodeReader {
    /// Numbers that are either a list of floats or, under the name with `_as_tensor` behind, a tensor of a float type.
    func reals(_ name: String) throws -> [Double]? {
        if let tensor = try tensor("\(name)_as_tensor"), tensor.count > 0 { return try tensor.doubles() }
        return try floats(name)?.map { Double($0) }
    }

    /// Whether one of the attributes holds numbers of double precision.
    func hasDoubles(_ names: String...) throws -> Bool {
        try names.contains { try tensor("\($0)_as_tensor")?.dtype == .float64 }
    }
}
