internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// An operand of an attention behind transpositions and constant factors.
struct AttentionOperand {
    /// The value that the attention reads.
    private let name: String
    /// How it is transposed to [..., sequence, size].
    let permutation: [Int]
    let factor: Double
    /// Whether the last two axes must be exchanged first, since elements of a vector are not neighbours.
    private let needsTranspose: Bool
    private let rank: Int

    /// - Parameters:
    ///   - isExchanged: whether the value is [..., size, sequence].
    ///   - takesFactors: whether constant factors may go to the scores.
    init(_ value: String, rank: Int, isExchanged: Bool = false, takesFactors: Bool = true, _ rewriting: Rewriting) {
        let exchanged = Array(0..<rank - 2) + [rank - 1, rank - 2]
        var best: (name: String, permutation: [Int], factor: Double)?
        var (name, axes, factor) = (value, isExchanged ? exchanged : Array(0..<rank), 1.0)
        while true {
            if axes[rank - 1] == rank - 1 { best = (name, axes, factor) }
            guard let id = rewriting.editor.producer(of: name), let node = rewriting.editor[id],
                rewriting.value(node.inputs.first ?? "").dtype == .float32
            else { break }
            if node.qualifiedType == "Transpose", let permutation = node.ints("perm"), permutation.count == rank {
                axes = axes.map { permutation[$0] }
                name = node.inputs[0]
            } else if takesFactors, ["Mul", "Div"].contains(node.qualifiedType),
                let (operand, number) = AttentionChain.scaled(node, rewriting), rewriting.value(operand).rank == rank
            {
                name = operand
                factor *= number
            } else {
                break
            }
        }
        self.rank = rank
        if let best {
            (self.name, permutation, self.factor, needsTranspose) = (best.name, best.permutation, best.factor, false)
        } else {
            (self.name, permutation, self.factor, needsTranspose) = (value, Array(0..<rank), 1, true)
        }
    }

    /// The name of the value to read, a transposition added where it is needed.
    func inserted(into rewriting: inout Rewriting) -> String {
        guard needsTranspose else { return name }
        let result = rewriting.editor.freshName("\(name)_rows")
        let exchanged = Array(0..<rank - 2) + [rank - 1, rank - 2]
        rewriting.editor.insert(
            Node("Transpose", inputs: [name], outputs: [result], attributes: ["perm": .ints(exchanged.map(Int64.init))])
        )
        let value = rewriting.value(name)
        rewriting.declare(result, .tensor(value.dtype, value.dimensions.map { known in exchanged.map { known[$0] } }))
        return result
    }
}
