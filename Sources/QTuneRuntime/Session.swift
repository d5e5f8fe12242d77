public import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
public import QTuneTensor

/// How a session runs.
public struct SessionOptions: Sendable {
    /// Threads that work on one run, at least 1.
    public var threads: Int
    /// Whether the optimizer rewrites the graph first. Results may differ within float rounding.
    public var optimizes: Bool
    /// Values to give out besides the graph's outputs, by name: inner tensors for calibration and analysis.
    public var taps: [String]

    public init(threads: Int = 1, optimizes: Bool = true, taps: [String] = []) {
        self.threads = threads
        self.optimizes = optimizes
        self.taps = taps
    }
}

/// A model made ready to run. Runs of one session follow one another; sessions are independent.
public final class Session: @unchecked Sendable {
    public let model: Model
    public let options: SessionOptions
    private let steps: [(node: Node, operator: any Operator)]
    private let pool: ThreadPool

    /// Throws where the model is not sound or uses something this engine does not do.
    public init(_ model: Model, options: SessionOptions = SessionOptions()) throws {
        self.model = model
        self.options = options
        self.pool = ThreadPool(threads: options.threads)
        steps = try model.graph.nodes.map { ($0, try OperatorRegistry.standard.make($0, opsets: model.opsets)) }
    }

    /// Operands that a run needs.
    public var inputs: [ValueInfo] { model.graph.requiredInputs }
    /// Results of a run; taps come besides.
    public var outputs: [ValueInfo] { model.graph.outputs }

    /// Runs the network. The results are the caller's: later runs do not change them.
    /// - Parameter feeds: a tensor for each of `inputs`, by name.
    /// - Returns: every output and every tap, by name.
    public func run(_ feeds: [String: Tensor]) throws -> [String: Tensor] {
        var values = feeds.mapValues(Value.tensor).merging(model.graph.initializers.mapValues(Value.tensor)) { a, _ in a }
        for (node, `operator`) in steps {
            try locating("node '\(node.label)' (\(node.qualifiedType))") {
                let context = EvaluationContext(
                    inputs: node.inputs.map { $0.isEmpty ? nil : values[$0] }, outputCount: node.outputs.count, pool: pool)
                for (name, value) in zip(node.outputs, try `operator`.evaluate(context)) { values[name] = value }
            }
        }
        let wanted = outputs.map(\.name) + options.taps
        return try Dictionary(uniqueKeysWithValues: wanted.map { name in
            guard let tensor = values[name]?.tensor else {
                throw QTuneError(.invalidArgument, "the model has no tensor called '\(name)'")
            }
            return (name, tensor)
        })
    }
}
