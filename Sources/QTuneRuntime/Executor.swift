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
        var table = ValueTable(slots: program.slotCount, fixed: plan?.values)
        for input in program.inputs { table[input.slot] = feeds[input.name] ?? input.defaultValue }
        let memory = RunMemory(plan: plan, recorder: recorder)
        guard let plan else { return try execute(program, &table, memory) }
        for index in plan.calls.indices {
            if let call = plan.calls[index] {
                try run(call, of: plan.entries, at: index, table)
            } else {
                try run(plan.entries[index], &table, memory)
            }
        }
        return try outputs(of: program, table)
    }

    /// Runs a sub-graph on operands in the order of its inputs.
    private func run(_ body: Program.Body, arguments: [Value], outer: ValueTable) throws -> [Value] {
        let program = body.program
        guard arguments.count <= program.inputs.count else {
            throw QTuneError(
                .invalidModel, "\(arguments.count) operands for a sub-graph of \(program.inputs.count) inputs",
                place: ["graph '\(body.graph.name)'"])
        }
        var table = ValueTable(slots: program.slotCount)
        for (index, input) in program.inputs.enumerated() {
            table[input.slot] = index < arguments.count ? arguments[index] : input.defaultValue
        }
        for (capture, source) in zip(program.captures, body.captures) { table[capture.slot] = outer[source] }
        return try execute(program, &table, RunMemory(plan: nil, recorder: nil))
    }

    private func execute(_ program: Program, _ table: inout ValueTable, _ memory: RunMemory) throws -> [Value] {
        for entry in program.schedule.entries { try run(entry, &table, memory) }
        return try outputs(of: program, table)
    }

    private func outputs(of program: Program, _ table: ValueTable) throws -> [Value] {
        try program.outputs.map { operand in
            guard let value = table[operand] else {
                throw QTuneError(.internalError, "an output of the graph was not computed")
            }
            return value
        }
    }

    /// Does the step of `entries[index]`, whose values all lie where `call` expects them. The step itself is looked at
    /// only for an error or a profile: it is not in the cache.
    private func run(
        _ call: any BoundCall, of entries: [Schedule.Entry], at index: Int, _ table: ValueTable
    ) throws {
        let started = profile == nil ? nil : ContinuousClock.now
        var step: Program.Step { entries[index].step }
        try locating("node '\(step.label)' (\(step.operatorType))") { try call.run() }
        guard let started else { return }
        // Results behind one that nobody asks for would stand in its place.
        let results = step.results.map { $0.flatMap { table[$0] } }.prefix { $0 != nil }
        record(step, since: started, table, results: results.compactMap { $0 })
    }

    private func run(_ entry: Schedule.Entry, _ table: inout ValueTable, _ memory: RunMemory) throws {
        if makeView(entry, &table) { return }
        let step = entry.step
        memory.begin(entry.index)
        let started = profile == nil ? nil : ContinuousClock.now
        var results = try locating("node '\(step.label)' (\(step.operatorType))") {
            try evaluate(step, table) { try memory.allocate($0, $1, $2) }
        }
        if let started { record(step, since: started, table, results: results) }
        try memory.settle(&results, of: step)
        for index in 0..<min(results.count, step.results.count) {
            if let slot = step.results[index] { table[slot] = results[index] }
        }
        for slot in entry.released { table[slot] = nil }
    }

    private func record(
        _ step: Program.Step, since started: ContinuousClock.Instant, _ table: ValueTable, results: [Value]
    ) {
        let duration = ContinuousClock.now - started
        let operands = step.operands.map { table[$0] }
        let work =
            step.operator.work(operands, results)
            ?? KernelWork(
                moving: (operands + results).compactMap { $0?.tensor }, by: step.operator.kernelFamily(operands))
        profile?.record(step.label, step.operatorType, duration, work: work)
    }

    /// Does what `entry` says where that is no more than giving a value another shape.
    private func makeView(_ entry: Schedule.Entry, _ table: inout ValueTable) -> Bool {
        guard let shape = entry.view, let slot = entry.step.results[0],
            case .tensor(let tensor)? = table[entry.step.operands[0]], tensor.count == shape.elementCount
        else { return false }
        table[slot] = .tensor(tensor.reshaped(to: shape))
        for slot in entry.released { table[slot] = nil }
        return true
    }

    private func evaluate(
        _ step: Program.Step, _ table: ValueTable, _ allocate: @escaping (Int, DType, Shape) throws -> Tensor
    ) throws -> [Value] {
        let results = try step.operator.evaluate(context(step, table, allocate))
        guard results.count >= step.neededResults else {
            throw QTuneError(
                .invalidModel, "the node asks for \(step.results.count) results, the operator gives \(results.count)")
        }
        return results
    }

    private func context(
        _ step: Program.Step, _ table: ValueTable, _ allocate: @escaping (Int, DType, Shape) throws -> Tensor
    ) -> EvaluationContext {
        let inputs = step.operands.map { table[$0] }
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
}

/// The values of a run by slot.
struct ValueTable {
    private var made: [Value?]
    /// Values that no run makes anew; empty where there are none.
    private let fixed: [Value?]

    init(slots: Int, fixed: [Value?]? = nil) {
        made = Array(repeating: nil, count: slots)
        self.fixed = fixed ?? []
    }

    subscript(slot: Int) -> Value? {
        get { made[slot] ?? (fixed.isEmpty ? nil : fixed[slot]) }
        set { made[slot] = newValue }
    }

    subscript(operand: Program.Operand) -> Value? {
        switch operand {
        case .omitted: nil
        case .constant(let value): value
        case .slot(let slot): self[slot]
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
