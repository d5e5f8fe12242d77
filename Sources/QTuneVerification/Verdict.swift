package import QTuneGraph
package import QTuneOperators
public import QTuneRuntime
internal import QTuneTensor

/// How a case went.
public struct Verdict: Sendable {
    public enum Kind: String, Sendable, CaseIterable, Codable {
        /// Every result is as it should be.
        case pass
        /// A result is not as it should be, or there is none.
        case wrong
        /// The network uses something that this engine does not do.
        case unsupported
    }

    public let kind: Kind
    /// What is wrong or not supported, or what restricts the pass; empty where there is nothing to say.
    public let note: String

    package init(_ kind: Kind, _ note: String = "") {
        self.kind = kind
        self.note = note
    }
}

extension VerificationCase {
    /// Runs the network on every data set and compares its results with those of the case.
    public func verify(options: SessionOptions = SessionOptions()) -> Verdict {
        verdict { model in
            let session = try Session(model, options: options)
            return Runner(prepared: session.prepared) { try session.runValues($0) }
        }
    }

    /// Something that runs a network.
    package struct Runner {
        /// The network with its functions expanded.
        let prepared: Model
        /// Gives values by name, the outputs at least.
        let run: ([String: Value]) throws -> [String: Value]

        package init(prepared: Model, run: @escaping ([String: Value]) throws -> [String: Value]) {
            self.prepared = prepared
            self.run = run
        }
    }

    /// Runs every data set, a second time as the first run planned it, and compares.
    package func verdict(_ makeRunner: (Model) throws -> Runner) -> Verdict {
        do {
            let model = try model()
            let runner = try makeRunner(model)
            let isRandom = try runner.prepared.isRandom()
            let tolerance = isRandom ? nil : try tolerance()
            for dataSet in try dataSets(model) {
                for round in [dataSet.name, "\(dataSet.name), run again"] {
                    let results = try runner.run(dataSet.inputs)
                    for (info, expected) in zip(model.graph.outputs, dataSet.outputs) {
                        guard let actual = results[info.name] else {
                            return Verdict(.wrong, "\(round): there is no output '\(info.name)'")
                        }
                        if let difference = try difference(actual, expected, tolerance) {
                            return Verdict(.wrong, "\(round): output '\(info.name)': \(difference)")
                        }
                    }
                }
            }
            return Verdict(.pass, isRandom ? "types and shapes only: the results are random" : "")
        } catch let error as QTuneError where error.code == .unsupported {
            return Verdict(.unsupported, error.description)
        } catch {
            return Verdict(.wrong, "\(error)")
        }
    }
}

extension Model {
    /// Whether results may differ from run to run.
    fileprivate func isRandom() throws -> Bool { try isRandom(graph) }

    private func isRandom(_ graph: Graph) throws -> Bool {
        try graph.nodes.contains { node in
            guard let type = OperatorRegistry.standard.find(node.domain, node.opType) else { return false }
            let isKnown = opsets[node.domain, default: 1] >= type.versions.first ?? 1
            let isRandom = try isKnown && !OperatorRegistry.standard.make(node, opsets: opsets).isDeterministic
            return try isRandom || node.subgraphs.contains(where: self.isRandom)
        }
    }
}
