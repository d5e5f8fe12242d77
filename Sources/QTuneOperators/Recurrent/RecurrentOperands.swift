import QTuneGraph
import QTuneTensor

/// The attributes that RNN, GRU and LSTM share.
struct RecurrentAttributes: Sendable {
    let hiddenSize: Int
    /// For each direction whether it runs backwards in time.
    let directions: [Bool]
    let clip: Double?
    /// Whether the batch comes before time.
    let batchFirst: Bool
    /// The numbers of the operands that the node has.
    let givenInputs: Set<Int>
    /// The functions of the gates, those of each direction in a row.
    private let functions: [GateFunction]
    private let perDirection: Int

    /// - Parameter defaults: the functions of one direction.
    init(_ node: NodeReader, defaults: [String]) throws {
        hiddenSize = try node.required("hidden_size", try node.int("hidden_size"))
        guard (1...Int(Int32.max)).contains(hiddenSize) else {
            throw QTuneError(.invalidModel, "attribute 'hidden_size' is \(hiddenSize)")
        }
        directions =
            switch try node.string("direction") ?? "forward" {
            case "forward": [false]
            case "reverse": [true]
            case "bidirectional": [false, true]
            case let other: throw QTuneError(.invalidModel, "attribute 'direction' is '\(other)'")
            }
        clip = try node.float("clip").flatMap { $0 > 0 ? Double($0) : nil }
        batchFirst = try node.int("layout") ?? 0 != 0
        givenInputs = Set(node.node.inputs.indices.filter { !node.node.inputs[$0].isEmpty })
        perDirection = defaults.count
        let count = directions.count * defaults.count
        let names = try node.strings("activations") ?? (0..<count).map { defaults[$0 % defaults.count] }
        guard names.count == count else {
            throw QTuneError(.invalidModel, "\(names.count) activations where \(count) are wanted")
        }
        var (alphas, betas) = (try node.floats("activation_alpha") ?? [], try node.floats("activation_beta") ?? [])
        functions = try names.map { try GateFunction($0, &alphas, &betas) }
    }

    /// Function `index` of a direction.
    func function(_ direction: Int, _ index: Int) -> GateFunction { functions[direction * perDirection + index] }

    /// What is known of the outputs: all hidden states, then `finals` last states.
    func inferOutputs(_ context: InferenceContext, finals: Int) -> [InferredValue] {
        let dtype = context[0].dtype
        let (count, hidden) = (Dimension.fixed(directions.count), Dimension.fixed(hiddenSize))
        guard let x = context[0].dimensions, x.count == 3 else {
            return [InferredValue](repeating: .tensor(dtype, nil), count: 1 + finals)
        }
        let all = batchFirst ? [x[0], x[1], count, hidden] : [x[0], count, x[1], hidden]
        let last = batchFirst ? [x[0], count, hidden] : [count, x[1], hidden]
        return [.tensor(dtype, all)] + [InferredValue](repeating: .tensor(dtype, last), count: finals)
    }
}

/// A function of a gate.
enum GateFunction: Sendable {
    case sigmoid, tanh, relu, softsign, softplus
    case leakyRelu(Double), thresholdedRelu(Double), elu(Double)
    case affine(Double, Double), scaledTanh(Double, Double), hardSigmoid(Double, Double)

    /// Takes its parameters from the front of the lists.
    fileprivate init(_ name: String, _ alphas: inout [Float], _ betas: inout [Float]) throws {
        func next(_ values: inout [Float], _ fallback: Double) -> Double {
            values.isEmpty ? fallback : Double(values.removeFirst())
        }
        switch name.lowercased() {
        case "sigmoid": self = .sigmoid
        case "tanh": self = .tanh
        case "relu": self = .relu
        case "softsign": self = .softsign
        case "softplus": self = .softplus
        case "leakyrelu": self = .leakyRelu(next(&alphas, 0.01))
        case "thresholdedrelu": self = .thresholdedRelu(next(&alphas, 1))
        case "elu": self = .elu(next(&alphas, 1))
        case "affine": self = .affine(next(&alphas, 1), next(&betas, 0))
        case "scaledtanh": self = .scaledTanh(next(&alphas, 1), next(&betas, 1))
        case "hardsigmoid": self = .hardSigmoid(next(&alphas, 0.2), next(&betas, 0.5))
        default: throw QTuneError(.invalidModel, "the activation '\(name)' is not known")
        }
    }
}

/// The checked lengths of a recurrent operator's operands.
struct RecurrentShape {
    let directions: Int
    let steps: Int
    let batch: Int
    let inputSize: Int
    let hidden: Int
    /// Steps of each sequence.
    let lengths: [Int]

    /// Operands x, input weights, hidden weights, bias, lengths, first hidden state.
    init(_ context: EvaluationContext, gates: Int, _ attributes: RecurrentAttributes) throws {
        let (x, w, r) = (try context.tensor(0), try context.tensor(1), try context.tensor(2))
        guard x.shape.rank == 3 else { throw QTuneError(.invalidInput, "a recurrent operator of \(x.shape)") }
        let steps = x.shape[attributes.batchFirst ? 1 : 0]
        self.steps = steps
        (directions, hidden) = (attributes.directions.count, attributes.hiddenSize)
        batch = x.shape[attributes.batchFirst ? 0 : 1]
        inputSize = x.shape[2]
        let rows = gates * hidden
        guard w.shape == [directions, rows, inputSize], r.shape == [directions, rows, hidden] else {
            throw QTuneError(
                .invalidInput, "weights of \(w.shape) and \(r.shape) for \(directions) directions of \(rows) rows")
        }
        let bias = try context.optionalTensor(3)?.count ?? directions * 2 * rows
        lengths = try context.integers(4) ?? [Int](repeating: steps, count: batch)
        guard bias == directions * 2 * rows, lengths.count == batch, lengths.allSatisfy({ (0...steps).contains($0) })
        else {
            throw QTuneError(.invalidInput, "a bias of \(bias) numbers, lengths \(lengths) of \(steps) steps")
        }
    }

    /// Operand `index`, a first state of [directions, batch, hidden] or, with the batch first, of the first two axes
    /// the other way round; nil where it is left out.
    func state(_ context: EvaluationContext, _ index: Int) throws -> Tensor? {
        guard let tensor = try context.optionalTensor(index) else { return nil }
        guard tensor.count == directions * batch * hidden else {
            throw QTuneError(.invalidInput, "a first state of \(tensor.shape)")
        }
        return tensor
    }
}

/// The checked operands of a recurrent operator, with time first.
struct RecurrentOperands {
    let shape: RecurrentShape
    let gates: Int
    let dtype: DType
    let x: [Double]
    /// [directions, gates * hidden, inputSize]
    let inputWeights: [Double]
    /// [directions, gates * hidden, hidden]
    let hiddenWeights: [Double]
    /// [directions, 2 * gates * hidden]: of the input, then of the hidden state.
    let bias: [Double]
    /// [directions, batch, hidden]
    let initialHidden: [Double]
    private let attributes: RecurrentAttributes

    var steps: Int { shape.steps }
    var batch: Int { shape.batch }
    var inputSize: Int { shape.inputSize }
    var hidden: Int { shape.hidden }
    var lengths: [Int] { shape.lengths }

    init(_ context: EvaluationContext, gates: Int, _ attributes: RecurrentAttributes) throws {
        self.attributes = attributes
        self.gates = gates
        shape = try RecurrentShape(context, gates: gates, attributes)
        let x = try context.tensor(0)
        dtype = x.dtype
        inputWeights = try context.tensor(1).doubles()
        hiddenWeights = try context.tensor(2).doubles()
        bias =
            try context.optionalTensor(3)?.doubles()
            ?? [Double](repeating: 0, count: shape.directions * 2 * gates * shape.hidden)
        let values = try x.doubles()
        self.x =
            attributes.batchFirst ? Self.swapped(values, shape.batch, shape.steps, shape.inputSize) : values
        initialHidden = try Self.state(context, 5, shape, attributes)
    }

    /// A first state, [directions, batch, hidden]; zeros where it is left out.
    static func state(
        _ context: EvaluationContext, _ index: Int, _ shape: RecurrentShape, _ attributes: RecurrentAttributes
    ) throws -> [Double] {
        guard let values = try shape.state(context, index)?.doubles() else {
            return [Double](repeating: 0, count: shape.directions * shape.batch * shape.hidden)
        }
        return attributes.batchFirst ? swapped(values, shape.batch, shape.directions, shape.hidden) : values
    }

    /// The sums of gate `gate` at a step: input part, hidden part, each with its bias, before any function.
    func sums(
        _ direction: Int, _ gate: Int, step: Int, image: Int, hiddenState: [Double]
    ) -> (input: [Double], hidden: [Double]) {
        let first = (step * batch + image) * inputSize
        var (inputs, hiddens): ([Double], [Double]) = ([], [])
        for unit in 0..<hidden {
            let row = direction * gates * hidden + gate * hidden + unit
            let offset = direction * 2 * gates * hidden + gate * hidden + unit
            var sum = bias[offset]
            for k in 0..<inputSize { sum += inputWeights[row * inputSize + k] * x[first + k] }
            inputs.append(sum)
            sum = bias[offset + gates * hidden]
            for k in 0..<hidden { sum += hiddenWeights[row * hidden + k] * hiddenState[k] }
            hiddens.append(sum)
        }
        return (inputs, hiddens)
    }

    /// Runs `step` over every sequence in every direction, and gives all hidden states and the last of each state.
    /// - Parameters:
    ///   - states: the first states, [directions, batch, hidden] each; the hidden state comes first.
    ///   - advance: gives the next states of one sequence.
    func run(
        states: [[Double]], in context: EvaluationContext,
        advance: (_ direction: Int, _ step: Int, _ image: Int, _ states: [[Double]]) -> [[Double]]
    ) throws -> [Value] {
        let count = attributes.directions.count
        guard let allShape = Shape(checking: [steps, count, batch, hidden]) else {
            throw QTuneError(.invalidInput, "\(steps) steps of \(count) x \(batch) x \(hidden) are too large")
        }
        var all = [Double](repeating: 0, count: allShape.elementCount)
        var finals = states
        for (direction, isBackward) in attributes.directions.enumerated() {
            for image in 0..<batch {
                let place = (direction * batch + image) * hidden
                var current = states.map { Array($0[place..<place + hidden]) }
                for index in 0..<lengths[image] {
                    let step = isBackward ? lengths[image] - 1 - index : index
                    current = advance(direction, step, image, current)
                    let target = ((step * count + direction) * batch + image) * hidden
                    all.replaceSubrange(target..<target + hidden, with: current[0])
                }
                for state in finals.indices {
                    finals[state].replaceSubrange(place..<place + hidden, with: current[state])
                }
            }
        }
        if attributes.batchFirst {
            let ordered = Self.swapped(all, steps * count, batch, hidden)
            let last = finals.map { Self.swapped($0, count, batch, hidden) }
            return [.tensor(try Tensor.floats(ordered, dtype: dtype, shape: [batch, steps, count, hidden]))]
                + (try last.map { .tensor(try Tensor.floats($0, dtype: dtype, shape: [batch, count, hidden])) })
        }
        return [.tensor(try Tensor.floats(all, dtype: dtype, shape: allShape))]
            + (try finals.map { .tensor(try Tensor.floats($0, dtype: dtype, shape: [count, batch, hidden])) })
    }

    /// [a, b, c] as [b, a, c].
    private static func swapped(_ values: [Double], _ a: Int, _ b: Int, _ c: Int) -> [Double] {
        var result: [Double] = []
        result.reserveCapacity(values.count)
        for j in 0..<b {
            for i in 0..<a {
                let start = (i * b + j) * c
                result += values[start..<start + c]
            }
        }
        return result
    }
}
