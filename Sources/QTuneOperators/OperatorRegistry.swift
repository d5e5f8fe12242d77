package import QTuneGraph
internal import QTuneTensor

/// The operators that an engine knows, by domain and name.
package struct OperatorRegistry: Sendable {
    private let types: [String: any Operator.Type]

    package init(_ types: [any Operator.Type]) {
        self.types = Dictionary(types.map { (Self.key($0.domain, $0.name), $0) }) { first, _ in first }
    }

    /// The operators of the standard and of the other domains that models in the field use.
    package static let standard = OperatorRegistry(OperatorCategories.all)

    /// This registry with more operators.
    package func adding(_ more: [any Operator.Type]) -> OperatorRegistry {
        OperatorRegistry(more + types.values)
    }

    /// Every operator, by domain and name.
    package var all: [any Operator.Type] {
        types.sorted { $0.key < $1.key }.map(\.value)
    }

    package func find(_ domain: String, _ name: String) -> (any Operator.Type)? { types[Self.key(domain, name)] }

    /// The operator of `node`, where `opsets` gives the version of each domain.
    /// Throws `QTuneError.Code.unsupported` for operators, versions and variants that are not there.
    package func make(_ node: Node, opsets: [String: Int]) throws -> any Operator {
        try locating("node '\(node.label)' (\(node.qualifiedType))") {
            let opset = opsets[node.domain] ?? 1
            guard let type = find(node.domain, node.opType) else {
                throw QTuneError(
                    .unsupported, "the operator \(node.qualifiedType) of operator set \(opset) is not known")
            }
            if let oldest = type.versions.first, opset < oldest {
                throw QTuneError(
                    .unsupported,
                    "\(node.qualifiedType) of operator set \(opset) is older than the supported \(oldest)",
                    remedy: "convert the model to operator set \(oldest) or newer")
            }
            return try type.init(NodeReader(node, opset: opset))
        }
    }

    /// Makes every node of `graph` and of its sub-graphs whose operator is known, so that what reads nodes afterwards
    /// can rely on them having the operands, results and attributes that their operators demand.
    package func check(_ graph: Graph, opsets: [String: Int]) throws {
        for node in graph.nodes where find(node.domain, node.opType) != nil {
            _ = try make(node, opsets: opsets)
            for body in node.subgraphs { try check(body, opsets: opsets) }
        }
    }

    private static func key(_ domain: String, _ name: String) -> String { "\(domain):\(name)" }
}
