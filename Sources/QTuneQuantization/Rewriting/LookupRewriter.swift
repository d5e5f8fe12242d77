internal import QTuneGraph
internal import QTuneTensor

/// Writes lookups in int8 tables: integers are gathered, and only what was asked for is made real. The operators are
/// the standard's and multiply once, so that every engine gives the same bits.
struct LookupRewriter {
    private struct Table {
        var integers: String
        /// One for the whole table, or along the axis of lookup, where the others are 1 long.
        var scales: String
        var zeroPoint: String?
    }

    private let source: GraphStructure
    private let recipe: Recipe
    private let cache: WeightCache
    private var tables: [WeightCache.Key: Table] = [:]

    init(_ structure: GraphStructure, recipe: Recipe, weights: WeightCache) {
        source = structure
        self.recipe = recipe
        cache = weights
    }

    /// Whether the recipe wants any table in int8.
    var hasWork: Bool { source.nodes.indices.contains { choice(ofNode: $0) != nil } }

    /// Rewrites the lookups among the nodes `ids`, which are the structure's, and returns what stays float though the
    /// recipe wants otherwise. Comes after the other nodes have been rewritten: a table that one of them still reads
    /// would be in the file twice.
    mutating func rewrite(
        _ ids: [GraphEditor.NodeID], in editor: inout GraphEditor, pool: inout ConstantPool
    ) -> [QuantizationNote] {
        var notes: [QuantizationNote] = []
        let rewritten = Set(zip(source.nodes.indices, ids).filter { choice(ofNode: $0.0) != nil }.map(\.1))
        for (index, id) in ids.enumerated() {
            guard let (axis, choice) = choice(ofNode: index), let node = editor[id], let result = node.outputs.first
            else { continue }
            if let reader = Self.reader(of: node.inputs[0], besides: rewritten, in: editor) {
                let message = "stays float32: the table is also read as floats, by \(reader)"
                notes.append(QuantizationNote(subject: node.label, message: message))
                continue
            }
            guard let table = table(node.inputs[0], axis: axis, choice, in: &editor, pool: &pool) else {
                let message = "stays float32: the table has values that are infinite or no numbers"
                notes.append(QuantizationNote(subject: node.label, message: message))
                continue
            }
            editor.remove(id)
            replace(node, result: result, with: table, in: &editor)
        }
        return notes
    }

    /// What reads the table `name` besides the nodes `lookups`; nil where nothing does.
    private static func reader(
        of name: String, besides lookups: Set<GraphEditor.NodeID>, in editor: GraphEditor
    ) -> String? {
        if editor.isOutput(name) { return "the caller" }
        let others = editor.consumers(of: name).filter { !lookups.contains($0) }
        return others.first.flatMap { editor[$0]?.label }
    }

    private func choice(ofNode index: Int) -> (axis: Int, Recipe.ResolvedChoice)? {
        guard case .lookup(let axis) = source.roles[index], let group = source.groupOfNode[index] else { return nil }
        let choice = recipe.choice(for: source.groups[group].name)
        return choice.precision == .int8 ? (axis, choice) : nil
    }

    /// Adds the constants of the table `name`, once; nil where no integers can stand for its values.
    private mutating func table(
        _ name: String, axis: Int, _ choice: Recipe.ResolvedChoice, in editor: inout GraphEditor,
        pool: inout ConstantPool
    ) -> Table? {
        let isPerRow = choice.granularity == .channel
        let key = WeightCache.Key(name: name, dtype: .int8, axis: isPerRow ? axis : nil, scale: choice.weightScale)
        if let known = tables[key] { return known }
        guard let values = source.context.floatConstant(name),
            (try? WeightQuantizer.requireFinite(values, named: name)) != nil
        else { return nil }
        let quantized = cache.weights(key) {
            WeightQuantizer.quantize(values, dtype: key.dtype, axis: key.axis, scale: key.scale)
        }
        var made = Table(integers: editor.addInitializer(quantized.values, named: "\(name)_q"), scales: "")
        if isPerRow {
            var shape = [Int](repeating: 1, count: values.shape.rank)
            shape[axis] = values.shape[axis]
            let scales = Tensor(quantized.parameters.scales, shape: Shape(shape))
            made.scales = editor.addInitializer(scales, named: "\(name)_s")
        } else {
            made.scales = pool.scale(quantized.parameters.scales, isScalar: true, in: &editor)
            made.zeroPoint = pool.zeroPoint([0], dtype: key.dtype, isScalar: true, in: &editor)
        }
        tables[key] = made
        return made
    }

    private func replace(_ node: Node, result: String, with table: Table, in editor: inout GraphEditor) {
        func gather(_ data: String, _ name: String) -> String {
            var gather = node
            let rows = editor.freshName("\(result)_\(name)")
            gather.name = ""
            gather.inputs[0] = data
            gather.outputs = [rows]
            editor.insert(gather)
            return rows
        }
        let integers = gather(table.integers, "q")
        if let zeroPoint = table.zeroPoint {
            let operands = [integers, table.scales, zeroPoint]
            editor.insert(Node("DequantizeLinear", inputs: operands, outputs: [result]))
            return
        }
        let scales = gather(table.scales, "s")
        let reals = editor.freshName("\(result)_r")
        let type = Int64(DType.float32.rawValue)
        editor.insert(Node("Cast", inputs: [integers], outputs: [reals], attributes: ["to": .int(type)]))
        editor.insert(Node("Mul", inputs: [reals, scales], outputs: [result]))
    }
}
