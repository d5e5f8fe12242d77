package import QTuneGraph
package import QTuneTensor

/// What is known of a value before the network runs.
package struct InferredValue: Sendable, Equatable {
    /// Type and shape; nil where nothing is known.
    package var type: ValueType?
    /// The value itself, where it is constant.
    package var constant: Tensor?
    /// The elements of a small integer vector or scalar as lengths, where they are known: shape arithmetic keeps the
    /// names of symbolic dimensions this way. Set on constants too.
    package var elements: [Dimension]?

    package init(type: ValueType? = nil, constant: Tensor? = nil, elements: [Dimension]? = nil) {
        self.type = type
        self.constant = constant
        self.elements = elements
    }

    package static let unknown = InferredValue()

    /// A tensor of which type and axes are known as far as given.
    package static func tensor(_ dtype: DType?, _ dimensions: [Dimension]?) -> InferredValue {
        InferredValue(type: .tensor(dtype, dimensions))
    }

    package var dtype: DType? { type?.dtype }
    package var dimensions: [Dimension]? { type?.dimensions }
    package var rank: Int? { dimensions?.count }

    /// The elements as numbers, when all are known.
    package var integers: [Int]? {
        if let constant { return constant.integers }
        guard let elements else { return nil }
        let values = elements.compactMap(\.value)
        return values.count == elements.count ? values : nil
    }
}

/// What an operator sees when it infers the types of its outputs.
package struct InferenceContext {
    /// What is known of each operand; nil for one left out.
    package let inputs: [InferredValue?]
    package let outputCount: Int
    /// Infers a sub-graph: gives what is known of its outputs from what is known of its inputs.
    package let inferSubgraph: (Graph, [InferredValue]) throws -> [InferredValue]

    package init(
        inputs: [InferredValue?], outputCount: Int,
        inferSubgraph: @escaping (Graph, [InferredValue]) throws -> [InferredValue] = { graph, _ in
            graph.outputs.map { InferredValue(type: $0.type) }
        }
    ) {
        self.inputs = inputs
        self.outputCount = outputCount
        self.inferSubgraph = inferSubgraph
    }

    /// Operand `index`, or unknown where it is left out.
    package subscript(index: Int) -> InferredValue {
        index < inputs.count ? inputs[index] ?? .unknown : .unknown
    }

    package func has(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }
}
