import QTuneKernels
import QTuneTensor

/// Decision trees in flat arrays, checked once: every child is there, and no path comes back to where it was.
///
/// `Real` is the type in which features are compared and weights are added.
struct DecisionForest<Real: BinaryFloatingPoint & TensorElement>: Sendable {
    /// A branch, in one place so that a step down a tree touches one line of memory.
    private struct Branch: Sendable {
        var threshold: Real
        var feature: Int32
        /// Where the test leads when it holds and when it does not: a branch, or `~leaf`.
        var whenTrue: Int32
        var whenFalse: Int32
        var test: BranchTest
        /// Whether a missing feature (NaN) counts as if the test held.
        var missingIsTrue: Bool
        /// Of a test of membership: where the members are.
        var members: Range<Int32>
    }

    private let branches: [Branch]
    private let roots: [Int32]
    private let members: [Real]
    /// The weights of leaf `i` are those from `leafStarts[i]` to `leafStarts[i + 1]`.
    private let leafStarts: [Int]
    private let weights: [Real]
    private let weightTargets: [Int]
    private let features: Int

    init(_ layout: ForestLayout) throws {
        try layout.check()
        let members = layout.members.map { $0.map { Real($0) } }
        var starts: [Int] = [0]
        for set in members { starts.append((starts.last ?? 0) + set.count) }
        branches = layout.branches.map { branch in
            let set = branch.memberSet
            return Branch(
                threshold: Real(branch.threshold), feature: Int32(branch.feature),
                whenTrue: Self.link(branch.whenTrue), whenFalse: Self.link(branch.whenFalse), test: branch.test,
                missingIsTrue: branch.missingIsTrue,
                members: set.map { Int32(starts[$0])..<Int32(starts[$0 + 1]) } ?? 0..<0)
        }
        self.members = members.flatMap { $0 }
        roots = layout.roots.map(Self.link)
        var leafStarts = [0]
        for leaf in layout.leaves { leafStarts.append((leafStarts.last ?? 0) + leaf.count) }
        self.leafStarts = leafStarts
        weights = layout.leaves.joined().map { Real($0.weight) }
        weightTargets = layout.leaves.joined().map(\.target)
        features = (layout.branches.map(\.feature).max() ?? -1) + 1
    }

    private static func link(_ child: ForestLayout.Child) -> Int32 {
        switch child {
        case .branch(let index): Int32(index)
        case .leaf(let index): ~Int32(index)
        }
    }

    /// The scores of each sample for each target, [samples, targets], of type `Real`: aggregated weights as `finish`
    /// leaves them.
    func evaluate(
        _ samples: Tensor, aggregate: Aggregation, targets: Int, finish: some ForestFinish, pool: ThreadPool
    ) throws -> Tensor {
        let rows = try FeatureRows(samples.shape)
        guard rows.features >= features else {
            throw QTuneError(.invalidInput, "\(rows.features) features for trees that look at \(features)")
        }
        let output = try EvaluationContext.fresh(
            Real.dtype, checkedShape([rows.count, targets], operand: "the scores"))
        pool.run(over: rows.count, grain: max(1, 512 / max(1, roots.count))) { range in
            samples.withSpan(of: Real.self) { source in
                output.withMutableSpan(of: Real.self) { target in
                    var sums = [Real](repeating: 0, count: targets)
                    var given = [Bool](repeating: false, count: targets)
                    for row in range {
                        for index in 0..<targets { (sums[index], given[index]) = (0, false) }
                        add(source, at: row * rows.features, aggregate, &sums, &given)
                        finish.finish(row, &sums, given)
                        for index in 0..<targets { target[row * targets + index] = sums[index] }
                    }
                }
            }
        }
        return output
    }

    /// Aggregates the weights that a sample, whose features begin at `start`, gets from each tree.
    private func add(
        _ features: Span<Real>, at start: Int, _ aggregate: Aggregation, _ sums: inout [Real], _ given: inout [Bool]
    ) {
        for root in roots {
            let leaf = leaf(below: root, features, at: start)
            for index in leafStarts[leaf]..<leafStarts[leaf + 1] {
                let target = weightTargets[index]
                sums[target] = aggregate.combine(sums[target], weights[index], isFirst: !given[target])
                given[target] = true
            }
        }
        if aggregate == .average {
            for index in sums.indices { sums[index] /= Real(roots.count) }
        }
    }

    /// The leaf that a sample, whose features begin at `start`, comes to.
    private func leaf(below root: Int32, _ features: Span<Real>, at start: Int) -> Int {
        var place = root
        while place >= 0 {
            let branch = branches[Int(place)]
            let feature = features[start + Int(branch.feature)]
            place = holds(branch, feature) ? branch.whenTrue : branch.whenFalse
        }
        return Int(~place)
    }

    @inline(__always)
    private func holds(_ branch: Branch, _ x: Real) -> Bool {
        let holds =
            switch branch.test {
            case .atMost: x <= branch.threshold
            case .less: x < branch.threshold
            case .atLeast: x >= branch.threshold
            case .greater: x > branch.threshold
            case .equal: x == branch.threshold
            case .notEqual: x != branch.threshold
            case .member: branch.members.contains { members[Int($0)] == x }
            }
        return holds || branch.missingIsTrue && x.isNaN
    }
}

/// What a branch asks of its feature.
enum BranchTest: UInt8, Sendable {
    case atMost, less, atLeast, greater, equal, notEqual, member
}

/// How the weights of the trees come together.
enum Aggregation: Int, Sendable {
    case average, sum, minimum, maximum

    @inline(__always)
    fileprivate func combine<Real: BinaryFloatingPoint>(_ sum: Real, _ weight: Real, isFirst: Bool) -> Real {
        switch self {
        case .average, .sum: sum + weight
        case .minimum: isFirst || weight < sum ? weight : sum
        case .maximum: isFirst || weight > sum ? weight : sum
        }
    }
}
