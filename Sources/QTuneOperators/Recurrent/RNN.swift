import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A plain recurrent layer over sequences [steps, batch, inputs] in one or both directions.
struct RNN: PackedRecurrent {
    static let name = "RNN"
    static let versions = [7, 14, 22]

    static let gates = 1

    let attributes: RecurrentAttributes
    var layers: [RecurrentLayer]?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...6, outputs: 0...2)
        attributes = try RecurrentAttributes(node, defaults: ["Tanh"])
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        attributes.inferOutputs(context, finals: 1)
    }

    func cell(_ direction: Int, peepholes: [Float]?) -> RecurrentLayer.Cell? {
        attributes.function(direction, 0).kernels(clip: attributes.clip).map { .plain(f: $0) }
    }

    func evaluateGenerally(_ context: EvaluationContext) throws -> [Value] {
        let operands = try RecurrentOperands(context, gates: 1, attributes)
        let results = try operands.run(states: [operands.initialHidden], in: context) {
            direction, step, image, states in
            let f = attributes.function(direction, 0)
            let sums = operands.sums(direction, 0, step: step, image: image, hiddenState: states[0])
            return [zip(sums.input, sums.hidden).map { f($0 + $1, clip: attributes.clip) }]
        }
        return Array(results.prefix(max(1, context.outputCount)))
    }
}
