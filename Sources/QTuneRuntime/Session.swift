public import QTuneGraph
internal import QTuneKernels
package import QTuneOperators
public import QTuneTensor
internal import Synchronization

/// A model made ready to run.
///
/// Runs of one session follow one another, even when they are started from several threads; sessions are independent.
/// Lengths of axes may differ from run to run where the model leaves them open.
public final class Session: Sendable {
    /// The model as given.
    public let model: Model
    public let options: SessionOptions
    /// What the optimizer did, pass by pass; empty without optimization.
    public let passReports: [PassReport]
    /// The model as it runs: functions expanded, taps added, optimized.
    package let prepared: Model

    private let signature: InputSignature
    private let program: Program
    private let pool: ThreadPool
    private let plans = Mutex(PlanCache(capacity: 4))

    /// Makes a model ready for the CPU.
    /// Throws where the model is not sound or uses something this engine does not do.
    public convenience init(_ model: Model, options: SessionOptions = SessionOptions()) throws {
        try self.init(model, options: options, backend: CPUBackend())
    }

    package init(
        _ model: Model, options: SessionOptions = SessionOptions(), registry: OperatorRegistry = .standard,
        backend: any Backend
    ) throws {
        // Kernels fall back on the scalar ones where the tier is not known; a name that is wrong must not go unseen.
        _ = try CPUTier.current
        self.model = model
        self.options = options
        let known = registry.adding(backend.operators)
        let entire = try ModelPreparation.prepare(model, options: options)
        signature = InputSignature(entire.graph)
        if options.optimizes {
            let optimizer = Optimizer(passes: Optimizer.standardPasses + backend.passes, registry: known)
            (prepared, passReports) = try optimizer.run(entire)
        } else {
            (prepared, passReports) = (entire, [])
        }
        pool = .shared(threads: options.threads)
        program = try Program(prepared.graph, opsets: prepared.opsets, registry: known, pool: pool)
    }

    /// Operands that a run needs.
    public var inputs: [ValueInfo] { signature.required }
    /// Results of a run; taps come besides.
    public var outputs: [ValueInfo] { model.graph.outputs }

    /// Memory that the session holds for its runs.
    public var memory: SessionMemory {
        let (arena, unshared) = plans.withLock { ($0.largestArena, $0.largestUnshared) }
        return SessionMemory(arena: arena, unshared: unshared, weights: program.constantBytes)
    }

    /// Runs the network. The results are the caller's: later runs do not change them.
    /// - Parameters:
    ///   - feeds: a tensor for each of `inputs`, by name.
    ///   - profiler: takes the time of every node where given.
    /// - Returns: every output and every tap, by name.
    public func run(_ feeds: [String: Tensor], profiler: Profiler? = nil) throws -> [String: Tensor] {
        let results = try runValues(feeds.mapValues(Value.tensor), profiler: profiler)
        return try Dictionary(
            uniqueKeysWithValues: results.map { name, value in
                guard let tensor = value.tensor else {
                    throw QTuneError(
                        .unsupported, "'\(name)' is a \(value.type), not a tensor",
                        remedy: "ask for its elements instead")
                }
                return (name, tensor)
            })
    }

    /// Runs the network on values of any kind, sequences and optionals too.
    package func runValues(_ feeds: [String: Value], profiler: Profiler? = nil) throws -> [String: Value] {
        try signature.check(feeds)
        let key = PlanKey(feeds)
        let profile = profiler.map { _ in ProfiledRun() }
        let results = try plans.withLock { cache in
            let executor = Executor(pool: pool, profile: profile)
            if let plan = cache[key] { return try executor.run(program, feeds: feeds, plan: plan) }
            let recorder = PlanRecorder(program, feeds: feeds)
            let results = try executor.run(program, feeds: feeds, recorder: recorder)
            cache[key] = recorder.makePlan(program, pool: pool)
            return results
        }
        if let profile { profiler?.add(profile) }
        return Dictionary(zip(prepared.graph.outputs.map(\.name), results)) { first, _ in first }
    }
}
