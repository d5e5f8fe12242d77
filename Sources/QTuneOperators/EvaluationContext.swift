package import QTuneGraph
package import QTuneKernels
package import QTuneTensor

/// What an operator sees when it is evaluated.
package struct EvaluationContext {
    /// The operands; nil for one left out.
    package let inputs: [Value?]
    /// How many results the node asks for, those left out at the end not counted.
    package let outputCount: Int
    /// The threads to work with.
    package let pool: ThreadPool
    /// Memory for output `index`: planned where the plan foresaw this type and shape, fresh otherwise.
    private let allocate: (_ index: Int, DType, Shape) throws -> Tensor
    /// Runs a sub-graph with operands in the order of its inputs. Outer values are found by name.
    package let runSubgraph: (Graph, [Value]) throws -> [Value]

    package init(
        inputs: [Value?], outputCount: Int, pool: ThreadPool,
        allocate: @escaping (Int, DType, Shape) throws -> Tensor = { try EvaluationContext.allocate($1, $2) },
        runSubgraph: @escaping (Graph, [Value]) throws -> [Value] = { _, _ in
            throw QTuneError(.internalError, "sub-graphs cannot run here")
        }
    ) {
        self.inputs = inputs
        self.outputCount = outputCount
        self.pool = pool
        self.allocate = allocate
        self.runSubgraph = runSubgraph
    }

    /// The same node's context with other operands, for an operator that another one stands on.
    func with(inputs: [Value?]) -> EvaluationContext {
        EvaluationContext(
            inputs: inputs, outputCount: outputCount, pool: pool, allocate: allocate, runSubgraph: runSubgraph)
    }

    package func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

    /// Operand `index`, which must be there and be a tensor.
    package func tensor(_ index: Int) throws -> Tensor {
        guard let tensor = try optionalTensor(index) else {
            throw QTuneError(.invalidModel, "operand \(index) is missing")
        }
        return tensor
    }

    /// Operand `index`, or nil where it is left out.
    package func optionalTensor(_ index: Int) throws -> Tensor? {
        guard index < inputs.count, let value = inputs[index] else { return nil }
        guard let tensor = value.tensor else { throw QTuneError(.invalidInput, "operand \(index) is not a tensor") }
        return tensor
    }

    /// Operand `index` as integers (axes, shapes, repeats), or nil where it is left out.
    package func integers(_ index: Int) throws -> [Int]? {
        guard let tensor = try optionalTensor(index) else { return nil }
        guard let integers = tensor.integers else {
            throw QTuneError(.invalidInput, "operand \(index) is \(tensor.dtype), not integer")
        }
        return integers
    }

    /// A tensor for output `index`, not initialised. A shape that no memory could hold is an error.
    package func makeOutput(_ index: Int = 0, _ dtype: DType, _ shape: Shape) throws -> Tensor {
        guard dtype != .string else {
            throw QTuneError(.unsupported, "elements of type \(dtype) are not supported here")
        }
        return try allocate(index, dtype, shape)
    }

    /// Fresh memory, not initialised. A shape that no memory could hold is an error.
    package static func allocate(_ dtype: DType, _ shape: Shape) throws -> Tensor {
        try MemoryLimit.check(dtype, shape)
        return Tensor(uninitialized: dtype, shape: shape)
    }

    /// A tensor of zeros to work with. A shape that no memory could hold is an error.
    package static func fresh(_ dtype: DType, _ shape: Shape) throws -> Tensor {
        try MemoryLimit.check(dtype, shape)
        return Tensor(zeros: dtype, shape: shape)
    }
}
