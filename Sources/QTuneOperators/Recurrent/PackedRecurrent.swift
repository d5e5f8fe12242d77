import QTuneGraph
import QTuneKernels
import QTuneTensor

/// A recurrent operator that the packed float32 kernels run where they can: every sequence as long as the steps, gates
/// with functions that kernels have.
protocol PackedRecurrent: Operator {
    static var gates: Int { get }
    /// The number of the operand with weights for the cell, where there may be one.
    static var peepholeInput: Int? { get }
    var attributes: RecurrentAttributes { get }
    /// The directions with constant weights.
    var layers: [RecurrentLayer]? { get set }

    /// How the states of a direction follow from sums; nil where a function has no kernel.
    func cell(_ direction: Int, peepholes: [Float]?) -> RecurrentLayer.Cell?
    /// Computes the outputs of any type, one number after the other.
    func evaluateGenerally(_ context: EvaluationContext) throws -> [Value]
}

extension PackedRecurrent {
    static var peepholeInput: Int? { nil }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        let needed = [1, 2, 3] + (Self.peepholeInput.map { [$0] } ?? [])
        guard needed.allSatisfy({ constants[$0] != nil || !attributes.givenInputs.contains($0) }),
            let weights = constants[1], let state = constants[2],
            let layers = try layers(
                weights, state, bias: constants[3], peepholes: Self.peepholeInput.flatMap { constants[$0] })
        else { return nil }
        var copy = self
        copy.layers = layers
        return copy
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        try runPacked(context) ?? evaluateGenerally(context)
    }

    /// One layer a direction; nil where the kernels do not serve these weights.
    private func layers(
        _ weights: Tensor, _ state: Tensor, bias: Tensor?, peepholes: Tensor?
    ) throws -> [RecurrentLayer]? {
        let (count, hidden) = (attributes.directions.count, attributes.hiddenSize)
        let rows = Self.gates * hidden
        guard weights.shape.rank == 3, weights.shape[2] > 0, weights.shape == [count, rows, weights.shape[2]],
            state.shape == [count, rows, hidden], bias?.count ?? 2 * count * rows == 2 * count * rows,
            peepholes?.count ?? 3 * count * hidden == 3 * count * hidden,
            [weights, state, bias, peepholes].allSatisfy({ $0?.dtype ?? .float32 == .float32 })
        else { return nil }
        let biases = bias?.array(of: Float.self) ?? [Float](repeating: 0, count: 2 * count * rows)
        let factors = peepholes?.array(of: Float.self)
        var layers: [RecurrentLayer] = []
        for direction in 0..<count {
            let own = factors.map { Array($0[direction * 3 * hidden..<(direction + 1) * 3 * hidden]) }
            guard let cell = cell(direction, peepholes: own) else { return nil }
            let first = direction * 2 * rows
            layers.append(
                try RecurrentLayer(
                    cell, inputWeights: weights.part(direction, of: [rows, weights.shape[2]]),
                    stateWeights: state.part(direction, of: [rows, hidden]),
                    inputBias: Array(biases[first..<first + rows]),
                    stateBias: Array(biases[first + rows..<first + 2 * rows])))
        }
        return layers
    }

    /// The outputs by the kernels; nil where they do not serve these operands.
    private func runPacked(_ context: EvaluationContext) throws -> [Value]? {
        let shape = try RecurrentShape(context, gates: Self.gates, attributes)
        let x = try context.tensor(0)
        let finals = Self.peepholeInput == nil ? 1 : 2
        let first = try (0..<finals).map { try shape.state(context, 5 + $0) }
        guard x.dtype == .float32, x.count > 0, shape.lengths.allSatisfy({ $0 == shape.steps }),
            first.allSatisfy({ $0?.dtype ?? .float32 == .float32 }),
            let layers = try layers
                ?? layers(
                    context.tensor(1), context.tensor(2), bias: context.optionalTensor(3),
                    peepholes: Self.peepholeInput.flatMap { try context.optionalTensor($0) })
        else { return nil }
        let ends = [shape.directions, shape.batch, shape.hidden]
        let states = try first.map { try initial($0, ends) }
        let steps = attributes.batchFirst ? x.reordered([1, 0, 2], context) : x
        let all: Shape = [shape.steps, shape.directions, shape.batch, shape.hidden]
        let isOutput = !attributes.batchFirst
        try MemoryLimit.check(.float32, all)
        let output = isOutput ? try context.makeOutput(0, .float32, all) : Tensor(uninitialized: .float32, shape: all)
        context.pool.run(parts: layers.count) { direction in
            layers[direction].run(
                steps,
                RecurrentLayer.States(
                    hidden: states[0][direction], cell: states.count > 1 ? states[1][direction] : nil),
                isBackward: attributes.directions[direction], into: output, direction: direction, pool: context.pool)
        }
        let joined = states.map { Tensor.joined($0, .float32, to: Shape(ends)) }
        let results =
            isOutput
            ? [output] + joined
            : [output.reordered([2, 0, 1, 3], context)] + joined.map { $0.reordered([1, 0, 2], context) }
        return results.prefix(max(1, context.outputCount)).map { .tensor($0) }
    }

    /// The first states of each direction, [batch, hidden] each, to be written over.
    private func initial(_ tensor: Tensor?, _ lengths: [Int]) throws -> [Tensor] {
        let part = Shape(Array(lengths[1...]))
        guard let tensor else { return (0..<lengths[0]).map { _ in Tensor(zeros: .float32, shape: part) } }
        let ordered =
            attributes.batchFirst
            ? tensor.reshaped(to: [lengths[1], lengths[0], lengths[2]]).reordered([1, 0, 2]) : tensor
        return (0..<lengths[0]).map { ordered.part($0, of: part) }
    }
}

extension Tensor {
    fileprivate func reordered(_ permutation: [Int], _ context: EvaluationContext? = nil) -> Tensor {
        let result = Tensor(uninitialized: dtype, shape: Shape(permutation.map { shape[$0] }))
        Layout.transpose(
            self, permutation: permutation, into: result, pool: context?.pool ?? ThreadPool.shared(threads: 1))
        return result
    }
}

extension GateFunction {
    /// The kernels' functions that, one after the other, make this one; nil where there are none.
    /// - Parameter clip: the magnitude that arguments are clamped to first.
    func kernels(clip: Double?) -> [Elementwise.Unary]? {
        let first = clip.map { [Elementwise.Unary.clip(lower: Float(-$0), upper: Float($0))] } ?? []
        switch self {
        case .sigmoid: return first + [.sigmoid]
        case .tanh: return first + [.tanh]
        case .relu: return first + [.relu]
        case .softplus: return first + [.softplus]
        case .leakyRelu(let alpha): return first + [.leakyReLU(slope: Float(alpha))]
        case .elu(let alpha): return first + [.elu(alpha: Float(alpha))]
        case .affine(let alpha, let beta): return first + [.affine(scale: Float(alpha), offset: Float(beta))]
        case .scaledTanh(let alpha, let beta):
            return first + [
                .affine(scale: Float(beta), offset: 0), .tanh, .affine(scale: Float(alpha), offset: 0),
            ]
        case .hardSigmoid(let alpha, let beta):
            return first + [.hardSigmoid(alpha: Float(alpha), beta: Float(beta))]
        case .softsign, .thresholdedRelu: return nil
        }
    }
}
