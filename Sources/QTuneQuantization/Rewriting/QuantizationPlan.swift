internal import QTuneGraph
internal import QTuneTensor

/// Something that quantization did otherwise than the recipe asked, and why.
public struct QuantizationNote: Sendable, Equatable, Codable {
    /// The group, or the tensor, that it is about.
    public var subject: String
    public var message: String
}

/// Which values become integers, with which scales, for one recipe. No graph is changed here.
struct QuantizationPlan {
    let structure: GraphStructure
    let recipe: Recipe
    /// The scale of each quantized activation.
    private(set) var parameters: [String: QuantizationParameters] = [:]
    /// For each node whether it computes with integers.
    private(set) var isInteger: [Bool]
    private(set) var notes: [QuantizationNote] = []

    init(_ structure: GraphStructure, ranges: RangeCache, recipe: Recipe) {
        self.structure = structure
        self.recipe = recipe
        isInteger = [Bool](repeating: false, count: structure.nodes.count)
        chooseNodes(ranges)
        let needed = neededValues()
        assignParameters(needed, ranges)
    }

    /// Whether node `index` takes the dequantized form of `value`: integer nodes do, and every user of a value that
    /// exists as integers only.
    func usesDequantized(_ value: String, node index: Int) -> Bool {
        isInteger[index] || isMadeAsInteger(value)
    }

    /// Whether `value` comes out of a node that computes with integers.
    func isMadeAsInteger(_ value: String) -> Bool { structure.producer[value].map { isInteger[$0] } ?? false }

    /// Whether the clamp `index` has no effect beside the saturation of its result.
    func isRedundantClamp(_ index: Int) -> Bool {
        guard isInteger[index], case .clamp(let lower, let upper) = structure.roles[index],
            let result = structure.nodes[index].outputs.first, let scale = parameters[result]
        else { return false }
        return scale.saturates(within: lower, upper)
    }

    /// The choice for the group of node `index`.
    func choice(ofNode index: Int) -> Recipe.ResolvedChoice? {
        structure.groupOfNode[index].map { recipe.choice(for: structure.groups[$0].name) }
    }
}

extension QuantizationPlan {
    private mutating func chooseNodes(_ known: RangeCache) {
        for group in structure.groups where recipe.choice(for: group.name).precision == .int8 {
            // Looks rows up in integers, which `LookupRewriter` writes, and gives floats.
            if let main = group.nodes.first, case .lookup = structure.roles[main] { continue }
            let missing = group.nodes.flatMap(activations).first { known.range(of: $0, method: .minMax) == nil }
            if let missing {
                let message = "stays float32: calibration saw no value of '\(missing)'"
                notes.append(QuantizationNote(subject: group.name, message: message))
                continue
            }
            for node in group.nodes { isInteger[node] = true }
        }
    }

    /// The activations that node `index` reads and writes when it is quantized.
    private func activations(_ index: Int) -> [String] {
        let node = structure.nodes[index]
        return dataOperands(index) + node.outputs.prefix(1)
    }

    /// The operands of node `index` that are activations to quantize.
    private func dataOperands(_ index: Int) -> [String] {
        let node = structure.nodes[index]
        let positions: [Int] =
            switch structure.roles[index] {
            case .weighted(let operands): [operands.data]
            case .arithmetic(let operands), .sharing(let operands): operands
            case .passThrough, .clamp: [0]
            case .float, .lookup: []
            }
        return positions.map { structure.context.operand($0, of: node) }.filter { structure.context.isActivation($0) }
    }

    /// The activations that must exist as integers. Marks nodes that integers pass through.
    private mutating func neededValues() -> Set<String> {
        var needed: Set<String> = []
        for index in structure.nodes.indices where isInteger[index] {
            if case .clamp = structure.roles[index] {} else { needed.formUnion(dataOperands(index)) }
            guard let result = structure.nodes[index].outputs.first, isResult(index) else { continue }
            if keepsIntegerResult(index) { needed.insert(result) }
        }
        for index in structure.nodes.indices.reversed() where structure.roles[index] == .passThrough {
            let node = structure.nodes[index]
            guard node.outputs.contains(where: needed.contains) else { continue }
            isInteger[index] = true
            needed.insert(node.inputs[0])
            needed.formUnion(node.outputs.filter { !$0.isEmpty })
        }
        return needed
    }

    /// Whether node `index` gives its group's result, not a value that a clamp of the group takes over.
    private func isResult(_ index: Int) -> Bool {
        guard let result = structure.nodes[index].outputs.first, let next = structure.soleConsumer(of: result),
            isInteger[next], structure.groupOfNode[next] == structure.groupOfNode[index],
            case .clamp = structure.roles[next]
        else { return true }
        return false
    }

    /// Whether the result of node `index` becomes integers even if no integer node uses it.
    private func keepsIntegerResult(_ index: Int) -> Bool {
        if recipe.results == .quantized { return true }
        guard let group = structure.groupOfNode[index], let main = structure.groups[group].nodes.first else {
            return true
        }
        // Engines have no integer convolution with a float result.
        if case .weighted(let operands) = structure.roles[main] { return !operands.isMatrixProduct }
        return false
    }

    private mutating func assignParameters(_ needed: Set<String>, _ known: RangeCache) {
        var classes = DisjointSets()
        for (index, node) in structure.nodes.enumerated() where isInteger[index] {
            switch structure.roles[index] {
            case .passThrough:
                for output in node.outputs where !output.isEmpty { classes.union(node.inputs[0], output) }
            case .sharing where recipe.concatScales == .shared:
                guard let result = node.outputs.first, needed.contains(result) else { continue }
                for operand in dataOperands(index) { classes.union(operand, result) }
            default: continue
            }
        }
        var ranges: [String: ClosedRange<Float>] = [:]
        for value in needed {
            guard let range = known.range(of: value, method: recipe.calibration) else { continue }
            let key = classes.representative(of: value)
            ranges[key] =
                ranges[key].map { min($0.lowerBound, range.lowerBound)...max($0.upperBound, range.upperBound) } ?? range
        }
        for value in needed {
            guard let range = ranges[classes.representative(of: value)] else { continue }
            parameters[value] = AffineParameters.make(
                range, dtype: recipe.activationType, symmetric: recipe.symmetricActivations)
        }
    }
}

/// Values gathered into classes.
private struct DisjointSets {
    private var parent: [String: String] = [:]

    mutating func representative(of value: String) -> String {
        var root = value
        while let next = parent[root] { root = next }
        if root != value { parent[value] = root }
        return root
    }

    mutating func union(_ a: String, _ b: String) {
        let (a, b) = (representative(of: a), representative(of: b))
        if a != b { parent[b] = a }
    }
}
