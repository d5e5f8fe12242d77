import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Attention by a state of outer products of keys and values, carried from token to token: a token fades the state,
/// takes off what its key calls up, writes its own value and reads with its query.
struct LinearAttention: Operator {
    static let name = "LinearAttention"
    static let versions = [27]

    private let queryHeads: Int
    private let keyHeads: Int
    private let scale: Float
    private let fades: Bool
    private let corrects: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...6, outputs: 1...2)
        queryHeads = try node.required("q_num_heads", node.int("q_num_heads"))
        keyHeads = try node.required("kv_num_heads", node.int("kv_num_heads"))
        guard keyHeads > 0, queryHeads > 0, queryHeads <= Int(Int32.max), queryHeads % keyHeads == 0 else {
            throw QTuneError(.invalidModel, "\(queryHeads) heads of queries do not share \(keyHeads) heads of keys")
        }
        scale = try node.float("scale") ?? 0
        switch try node.string("update_rule") ?? "gated_delta" {
        case "linear": (fades, corrects) = (false, false)
        case "gated": (fades, corrects) = (true, false)
        case "delta": (fades, corrects) = (false, true)
        case "gated_delta": (fades, corrects) = (true, true)
        case let other: throw QTuneError(.invalidModel, "attribute 'update_rule' is '\(other)'")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let (query, value, past) = (context[0], context[2], context[3])
        func size(_ operand: InferredValue, _ heads: Int) throws -> Dimension {
            guard let dimensions = operand.dimensions else { return .unknown }
            guard dimensions.count == 3 else { throw QTuneError(.invalidModel, "an operand of \(dimensions)") }
            return DimensionArithmetic.divide(dimensions[2], .fixed(heads))
        }
        let (keySize, valueSize) = (try size(query, queryHeads), try size(value, keyHeads))
        let output = query.dimensions.map {
            [$0[0], $0[1], DimensionArithmetic.multiply(.fixed(queryHeads), valueSize)]
        }
        let batch = query.dimensions?[0] ?? .unknown
        return [
            .tensor(query.dtype, output),
            .tensor(context.has(3) ? past.dtype : query.dtype, [batch, .fixed(keyHeads), keySize, valueSize]),
        ]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try Operands(context, queryHeads, keyHeads, fades: fades, corrects: corrects)
        let (queries, values) = (operands.queries, operands.values)
        let output = try context.makeOutput(
            0, queries.tensor.dtype,
            checkedShape(
                [queries.batches, queries.rows, queryHeads * values.columns], operand: "the result"))
        let present = try context.makeOutput(1, operands.stateType, operands.stateShape)
        guard output.count > 0 || present.count > 0 else { return [.tensor(output), .tensor(present)] }
        let (wide, state) = (WorkingCopy<Float>(output), WorkingCopy<Float>(present))
        let factor = scale == 0 ? 1 / Float(queries.columns).squareRoot() : scale
        context.pool.run(over: queries.batches * keyHeads, grain: 1) { range in
            wide.tensor.withMutableSpan(of: Float.self) { output in
                state.tensor.withMutableSpan(of: Float.self) { state in
                    for matrix in range { operands.walk(matrix, factor, state: &state, output: &output) }
                }
            }
        }
        wide.finish()
        state.finish()
        return [.tensor(output), .tensor(present)]
    }
}

extension LinearAttention {
    /// The checked operands in float32.
    private struct Operands {
        let queries: HeadMatrices
        let keys: HeadMatrices
        let values: HeadMatrices
        let stateType: DType
        /// [batch, heads of keys, size of a key, size of a value]
        let stateShape: Shape
        private let query: [Float]
        private let key: [Float]
        private let value: [Float]
        private let past: [Float]?
        /// Logarithms of what is left of the state: one a head, or one for each element of a key.
        private let decay: [Float]?
        private let decaysByElement: Bool
        /// How much of a correction is written: one a head, or one for all.
        private let rate: [Float]?
        private let ratesByHead: Bool

        init(_ context: EvaluationContext, _ queryHeads: Int, _ keyHeads: Int, fades: Bool, corrects: Bool) throws {
            let operands = try (0..<3).map { try context.tensor($0) }
            let type = operands[0].dtype
            guard operands.allSatisfy({ $0.dtype == type && $0.shape.rank == 3 }), type != .float64 else {
                throw QTuneError(.invalidInput, "linear attention of \(operands.map { "\($0.dtype)\($0.shape)" })")
            }
            queries = try HeadMatrices(operands[0], heads: queryHeads)
            keys = try HeadMatrices(operands[1], heads: keyHeads)
            values = try HeadMatrices(operands[2], heads: keyHeads)
            let (batches, rows) = (queries.batches, queries.rows)
            guard keys.batches == batches, values.batches == batches, keys.rows == rows, values.rows == rows,
                keys.columns == queries.columns
            else { throw QTuneError(.invalidInput, "\(queries.text), \(keys.text) and \(values.text)") }
            stateShape = try checkedShape([batches, keyHeads, keys.columns, values.columns], operand: "the state")
            let past = try context.optionalTensor(3)
            guard past == nil || past?.shape == stateShape else {
                throw QTuneError(.invalidInput, "a state of \(past?.shape ?? []), not \(stateShape)")
            }
            stateType = past?.dtype ?? type
            self.past = try past?.floats()
            let decay = try Self.gate(context, 4, wanted: fades, [batches, rows], [keyHeads * keys.columns, keyHeads])
            decaysByElement = decay.map { $0.shape[2] != keyHeads } ?? false
            self.decay = try decay?.floats()
            let rate = try Self.gate(context, 5, wanted: corrects, [batches, rows], [keyHeads, 1])
            ratesByHead = rate.map { $0.shape[2] == keyHeads } ?? false
            self.rate = try rate?.floats()
            (query, key, value) = (
                try operands[0].floats(), try operands[1].floats(), try operands[2].floats()
            )
        }

        /// Operand `index`, [batch, sequence, one of `lengths`], which is there just where the rule wants it.
        private static func gate(
            _ context: EvaluationContext, _ index: Int, wanted: Bool, _ leading: [Int], _ lengths: [Int]
        ) throws -> Tensor? {
            let tensor = try context.optionalTensor(index)
            guard wanted == (tensor != nil) else {
                throw QTuneError(
                    .invalidInput, "the update rule \(wanted ? "wants" : "does not take") operand \(index)")
            }
            guard let tensor else { return nil }
            guard tensor.shape.rank == 3, Array(tensor.shape.dimensions.prefix(2)) == leading,
                lengths.contains(tensor.shape[2])
            else { throw QTuneError(.invalidInput, "operand \(index) is of \(tensor.shape)") }
            return tensor
        }

        /// Carries the state of one head over the sequence and writes what the queries read of it.
        func walk(
            _ matrix: Int, _ factor: Float, state: inout MutableSpan<Float>, output: inout MutableSpan<Float>
        ) {
            let (batch, head) = (matrix / keys.heads, matrix % keys.heads)
            let (size, width) = (keys.columns, values.columns)
            let base = matrix * size * width
            for index in base..<base + size * width { state[index] = past?[index] ?? 0 }
            var written = [Float](repeating: 0, count: width)
            for row in 0..<queries.rows {
                let token = batch * queries.rows + row
                let keyStart = keys.offset(batch: batch, head: head, row: row)
                let valueStart = values.offset(batch: batch, head: head, row: row)
                fade(&state, base, token, head)
                for column in 0..<width { written[column] = value[valueStart + column] }
                if let rate {
                    for step in 0..<size {
                        let factor = key[keyStart + step]
                        for column in 0..<width { written[column] -= factor * state[base + step * width + column] }
                    }
                    let rate = ratesByHead ? rate[token * keys.heads + head] : rate[token]
                    for column in 0..<width { written[column] *= rate }
                }
                for step in 0..<size {
                    let factor = key[keyStart + step]
                    for column in 0..<width { state[base + step * width + column] += factor * written[column] }
                }
                read(state, base, batch, head, row, factor, into: &output)
            }
        }

        private func fade(_ state: inout MutableSpan<Float>, _ base: Int, _ token: Int, _ head: Int) {
            guard let decay else { return }
            let (size, width) = (keys.columns, values.columns)
            let place = token * keys.heads + head
            for step in 0..<size {
                let left = (decaysByElement ? decay[place * size + step] : decay[place]).exponential
                for column in 0..<width { state[base + step * width + column] *= left }
            }
        }

        /// Writes what the queries of the head's group read.
        private func read(
            _ state: borrowing MutableSpan<Float>, _ base: Int, _ batch: Int, _ head: Int, _ row: Int, _ factor: Float,
            into output: inout MutableSpan<Float>
        ) {
            let (size, width) = (keys.columns, values.columns)
            let group = queries.heads / keys.heads
            for head in head * group..<(head + 1) * group {
                let queryStart = queries.offset(batch: batch, head: head, row: row)
                let start = ((batch * queries.rows + row) * queries.heads + head) * width
                for column in 0..<width { output[start + column] = 0 }
                for step in 0..<size {
                    let weight = query[queryStart + step] * factor
                    for column in 0..<width {
                        output[start + column] += weight * state[base + step * width + column]
                    }
                }
            }
        }
    }
}
