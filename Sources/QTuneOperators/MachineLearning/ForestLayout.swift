import QTuneTensor

/// The trees as a node tells them, not checked yet.
struct ForestLayout {
    enum Child {
        case branch(Int)
        case leaf(Int)
    }

    struct Branch {
        var feature: Int
        var threshold: Double
        var test: BranchTest
        var missingIsTrue: Bool
        var whenTrue: Child
        var whenFalse: Child
        /// Of a test of membership: which set of members.
        var memberSet: Int?
    }

    var branches: [Branch]
    /// The weights of each leaf.
    var leaves: [[(target: Int, weight: Double)]]
    var roots: [Child]
    var members: [[Double]]
    var targets: Int

    /// Throws where a number points nowhere, or a path through a tree comes back to where it was.
    func check() throws {
        guard (1...Int(Int32.max)).contains(targets), branches.count < Int(Int32.max), leaves.count < Int(Int32.max),
            members.reduce(0, { $0 + $1.count }) < Int(Int32.max)
        else { throw QTuneError(.invalidModel, "\(targets) targets of trees of \(branches.count) branches") }
        for (index, branch) in branches.enumerated() {
            guard (0..<Int(Int32.max)).contains(branch.feature), exists(branch.whenTrue), exists(branch.whenFalse),
                branch.test != .member || branch.memberSet.map(members.indices.contains) == true
            else { throw QTuneError(.invalidModel, "node \(index) of the trees points to what is not there") }
        }
        guard roots.allSatisfy(exists), leaves.joined().allSatisfy({ (0..<targets).contains($0.target) }) else {
            throw QTuneError(.invalidModel, "a root or a leaf of the trees points to what is not there")
        }
        try checkPaths()
    }

    private func exists(_ child: Child) -> Bool {
        switch child {
        case .branch(let index): branches.indices.contains(index)
        case .leaf(let index): leaves.indices.contains(index)
        }
    }

    /// Every branch is counted off when all that lead to it are; those on a circle never are.
    private func checkPaths() throws {
        var arrivals = [Int](repeating: 0, count: branches.count)
        func next(_ index: Int) -> [Int] {
            [branches[index].whenTrue, branches[index].whenFalse].compactMap { child in
                if case .branch(let index) = child { index } else { nil }
            }
        }
        for index in branches.indices { for child in next(index) { arrivals[child] += 1 } }
        var ready = branches.indices.filter { arrivals[$0] == 0 }
        var counted = 0
        while let index = ready.popLast() {
            counted += 1
            for child in next(index) {
                arrivals[child] -= 1
                if arrivals[child] == 0 { ready.append(child) }
            }
        }
        guard counted == branches.count else {
            throw QTuneError(.invalidModel, "a path through the trees comes back to where it was")
        }
    }
}
