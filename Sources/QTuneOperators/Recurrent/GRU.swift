import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Gated recurrent units over sequences [steps, batch, inputs] in one or both directions. Gates in the order update,
/// reset, hidden.
struct GRU: PackedRecurrent {
    static let name = "GRU"
    static let versions = [7, 14, 22]

    static let gates = 3

    let attributes: RecurrentAttributes
    var layers: [RecurrentLayer]?
    /// Whether the reset gate works on the product with the hidden weights, else on the state before it.
    private let resetsAfter: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...6, outputs: 0...2)
        attributes = try RecurrentAttributes(node, defaults: ["Sigmoid", "Tanh"])
        resetsAfter = try node.int("linear_before_reset") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        attributes.inferOutputs(context, finals: 1)
    }

    func cell(_ direction: Int, peepholes: [Float]?) -> RecurrentLayer.Cell? {
        guard let f = attributes.function(direction, 0).kernels(clip: attributes.clip),
            let g = attributes.function(direction, 1).kernels(clip: attributes.clip)
        else { return nil }
        return .gru(f: f, g: g, resetsAfter: resetsAfter)
    }

    func evaluateGenerally(_ context: EvaluationContext) throws -> [Value] {
        let operands = try RecurrentOperands(context, gates: 3, attributes)
        let results = try operands.run(states: [operands.initialHidden], in: context) {
            direction, step, image, states in
            let (f, g) = (attributes.function(direction, 0), attributes.function(direction, 1))
            let old = states[0]
            func gate(_ index: Int) -> [Double] {
                let sums = operands.sums(direction, index, step: step, image: image, hiddenState: old)
                return zip(sums.input, sums.hidden).map { f($0 + $1, clip: attributes.clip) }
            }
            let (update, reset) = (gate(0), gate(1))
            let state = resetsAfter ? old : zip(old, reset).map { $0 * $1 }
            let sums = operands.sums(direction, 2, step: step, image: image, hiddenState: state)
            return [
                old.indices.map { unit in
                    let recurrent = resetsAfter ? reset[unit] * sums.hidden[unit] : sums.hidden[unit]
                    let candidate = g(sums.input[unit] + recurrent, clip: attributes.clip)
                    return (1 - update[unit]) * candidate + update[unit] * old[unit]
                }
            ]
        }
        return Array(results.prefix(max(1, context.outputCount)))
    }
}
