import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Long short-term memory over sequences [steps, batch, inputs] in one or both directions. Gates in the order input,
/// output, forget, cell.
struct LSTM: PackedRecurrent {
    static let name = "LSTM"
    static let versions = [7, 14, 22]

    static let gates = 4
    static let peepholeInput: Int? = 7

    let attributes: RecurrentAttributes
    var layers: [RecurrentLayer]?
    private let couplesForget: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...8, outputs: 0...3)
        attributes = try RecurrentAttributes(node, defaults: ["Sigmoid", "Tanh", "Tanh"])
        couplesForget = try node.int("input_forget") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        attributes.inferOutputs(context, finals: 2)
    }

    func cell(_ direction: Int, peepholes: [Float]?) -> RecurrentLayer.Cell? {
        let functions = (0..<3).compactMap { attributes.function(direction, $0).kernels(clip: attributes.clip) }
        guard functions.count == 3 else { return nil }
        return .lstm(
            f: functions[0], g: functions[1], h: functions[2], couplesForget: couplesForget, peepholes: peepholes)
    }

    func evaluateGenerally(_ context: EvaluationContext) throws -> [Value] {
        let operands = try RecurrentOperands(context, gates: 4, attributes)
        let hidden = operands.hidden
        let cell = try RecurrentOperands.state(context, 6, operands.shape, attributes)
        let count = attributes.directions.count
        let peepholes = try context.optionalTensor(7)?.doubles() ?? [Double](repeating: 0, count: count * 3 * hidden)
        guard peepholes.count == count * 3 * hidden else {
            throw QTuneError(.invalidInput, "\(peepholes.count) peephole weights, not \(count * 3 * hidden)")
        }
        let results = try operands.run(states: [operands.initialHidden, cell], in: context) {
            direction, step, image, states in
            let gates = (0..<4).map { gate in
                let sums = operands.sums(direction, gate, step: step, image: image, hiddenState: states[0])
                return zip(sums.input, sums.hidden).map { $0 + $1 }
            }
            let (f, g, h) = (
                attributes.function(direction, 0), attributes.function(direction, 1), attributes.function(direction, 2)
            )
            var next: [[Double]] = [[], []]
            for unit in 0..<hidden {
                let peephole = direction * 3 * hidden + unit
                let old = states[1][unit]
                let input = f(gates[0][unit] + peepholes[peephole] * old, clip: attributes.clip)
                let forget =
                    couplesForget
                    ? 1 - input : f(gates[2][unit] + peepholes[peephole + 2 * hidden] * old, clip: attributes.clip)
                let cell = forget * old + input * g(gates[3][unit], clip: attributes.clip)
                let output = f(gates[1][unit] + peepholes[peephole + hidden] * cell, clip: attributes.clip)
                next[0].append(output * h(cell, clip: attributes.clip))
                next[1].append(cell)
            }
            return next
        }
        return Array(results.prefix(max(1, context.outputCount)))
    }
}
