internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Runs programs: the network's own, those of sub-graphs, and the small ones that constant folding makes.
struct Executor {
    let pool: ThreadPool
    /// Takes the time of every node where given.
    var profile: ProfiledRun?

    /// Runs the network's program on values by name.
    /// - Parameters:
    ///   - plan: memory for inner values, made by an earlier run on values of the same types and shapes.
    ///   - recorder: watches the run so that a plan can be made from it.
    func run(
        _ program: Program, feeds: [String: Value], plan: ExecutionPlan? = nil, recorder: PlanRecorder? = nil
    ) throws -> [Value] {
        var table = [Value?](repeating: nil, count: program.slotCount)
        for input in program.inputs { table[input.slot] = feeds[input.name] ?? input.defaultValue }
        if let plan {
            for (slot, value) in plan.known { table[slot] = value }
        }
        return try execute(program, &table, RunMemory(plan: plan, recorder: recorder))
    }

    /// Runs a sub-graph on operands in the order of its inputs.
    private func run(_ body: Program.Body, arguments: [Value], outer: [Value?]) throws -> [Value] {
        let program = body.program
        guard arguments.count <= program.inputs.count else {
            throw QTuneError(
                .invalidModel, "\(arguments.count) operands for a sub-graph of \(program.inputs.count) inputs",
                place: ["graph '\(body.graph.name)'"])
        }
        var table = [Value?](repeating: nil, count: program.slotCount)
        for (index, input) in program.inputs.enumerated() {
            table[input.slot] = index < arguments.count ? arguments[index] : input.defaultValue
        }
        for (capture, source) in zip(program.captures, body.captures) { table[capture.slot] = value(source, outer) }
        return try execute(program, &table, RunMemory(plan: nil, recorder: nil))
    }

    private func execute(_ program: Program, _ table: inout [Value?], _ memory: RunMemory) throws -> [Value] {
        let allocate = { try memory.allocate($0, $1, $2) }
        for entry in (memory.schedule ?? program.schedule).entries {
            let step = entry.step
            if makeView(entry, &table) { continue }
            memory.begin(entry.index)
            let started = profile == nil ? nil : ContinuousClock.now
            var results = try locating("node '\(step.label)' (\(step.operatorType))") {
                try evaluate(step, table, allocate)
            }
            if let started, let profile {
                let duration = ContinuousClock.now - started
                let operands = step.operands.map { value($0, table) }
                let work =
                    step.operator.work(operands, results)
                    ?? KernelWork(
                        moving: (operands + results).compactMap { $0?.tensor },
                        by: step.operator.kernelFamily(operands))
                profile.record(step.label, step.operatorType, duration, work: work)
            }
            memory.settle(&results, of: step)
            for index in 0..<min(results.count, step.results.count) {
                if let slot = step.results[index] { table[slot] = results[index] }
            }
            for slot in entry.released { table[slot] = nil }
        }
        return try program.outputs.map { operand in
            guard let value = value(operand, table) else {
                throw QTuneError(.internalError, "an output of the graph was not computed")
            }
            return value
        }
    }

    /// Does what `entry` says where that is no more than giving a value another shape.
    private func makeView(_ entry: Schedule.Entry, _ table: inout [Value?]) -> Bool {
        guard let shape = entry.view, let slot = entry.step.results[0],
            case .tensor(let tensor)? = value(entry.step.operands[0], table), tensor.count == shape.elementCount
        else { return false }
        table[slot] = .tensor(tensor.reshaped(to: shape))
        for slot in entry.released { table[slot] = nil }
        return true
    }

    private func evaluate(
        _ step: Program.Step, _ table: [Value?], _ allocate: @escaping (Int, DType, Shape) throws -> Tensor
    ) throws -> [Value] {
        let results = try step.operator.evaluate(context(step, table, allocate))
        guard results.count >= step.neededResults else {
            throw QTuneError(
                .invalidModel, "the node asks for \(step.results.count) results, the operator gives \(results.count)")
        }
        return results
    }

    private func context(
        _ step: Program.Step, _ table: [Value?], _ allocate: @escaping (Int, DType, Shape) throws -> Tensor
    ) -> EvaluationContext {
        let inputs = step.operands.map { value($0, table) }
        guard !step.bodies.isEmpty else {
            return EvaluationContext(
                inputs: inputs, outputCount: step.results.count, pool: pool, allocate: allocate)
        }
        return EvaluationContext(
            inputs: inputs, outputCount: step.results.count, pool: pool, allocate: allocate,
            runSubgraph: { graph, arguments in
                guard let body = step.body(for: graph) else {
                    throw QTuneError(.internalError, "the sub-graph '\(graph.name)' is not one of the node's")
                }
                return try run(body, arguments: arguments, outer: table)
            })
    }

    private func value(_ operand: Program.Operand, _ table: [Value?]) -> Value? {
        switch operand {
        case .omitted: nil
        case .constant(let value): value
        case .slot(let slot): table[slot]
        }
    }
}

extension Program.Step {
    /// The body made from `graph`. Branches of one node most often differ in the names of their results, so that
    /// weights are compared only where they do not.
    fileprivate func body(for graph: Graph) -> Program.Body? {
        if bodies.count == 1 { return bodies[0] }
        let similar = bodies.filter { $0.graph.name == graph.name && $0.graph.outputs == graph.outputs }
        return similar.count == 1 ? similar[0] : similar.first { $0.graph == graph }
    }
}
