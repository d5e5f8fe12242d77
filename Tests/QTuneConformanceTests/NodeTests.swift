import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// Runs the standard's own operator tests, from the folder that `QTUNE_NODE_TESTS` names. Prints a line for each case
/// and the sums; `QTUNE_NODE_TEST` picks cases by a part of their name.
@Suite struct NodeTests {
    @Test func everyCaseIsRightOrUnsupported() throws {
        guard let cases = try NodeTestCase.all() else {
            print("skipped: QTUNE_NODE_TESTS names no folder of operator tests")
            return
        }
        var counts: [Outcome.Kind: Int] = [:]
        for testCase in cases {
            let outcome = Outcome(of: testCase)
            counts[outcome.kind, default: 0] += 1
            print("\(outcome.kind.rawValue) \(testCase.name)\(outcome.note.isEmpty ? "" : ": ")\(outcome.note)")
            if outcome.kind == .wrong { Issue.record("\(testCase.name): \(outcome.note)") }
        }
        let sums = [Outcome.Kind.pass, .wrong, .unsupported].map { "\(counts[$0, default: 0]) \($0.rawValue)" }
        print("operator tests: " + sums.joined(separator: ", "))
    }
}

/// How one case went.
private struct Outcome {
    enum Kind: String { case pass, wrong, unsupported }

    let kind: Kind
    let note: String

    init(of testCase: NodeTestCase) {
        do {
            let note = try Self.run(testCase)
            self.init(note == nil ? .pass : .wrong, note ?? "")
        } catch let error as QTuneError where error.code == .unsupported {
            self.init(.unsupported, error.description)
        } catch {
            self.init(.wrong, "\(error)")
        }
    }

    private init(_ kind: Kind, _ note: String) {
        self.kind = kind
        self.note = note
    }

    /// What is wrong with the case, in its results or in what was inferred of its values.
    private static func run(_ testCase: NodeTestCase) throws -> String? {
        let model = try testCase.model()
        let tolerance = try testCase.tolerance()
        let interpreter = GraphInterpreter(opsets: model.opsets)
        let inferred = try ShapeInference.infer(model)
        for (inputs, expected) in try testCase.dataSets(model) {
            let values = try interpreter.values(of: model.graph, inputs: inputs)
            for (info, expected) in zip(model.graph.outputs, expected) {
                guard let actual = values[info.name] else { return "no output '\(info.name)'" }
                if let note = try difference(actual, expected, tolerance) { return "'\(info.name)': \(note)" }
            }
            var names: [String: Int] = [:]
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                if let known = inferred[name], let note = contradiction(known, value, &names) {
                    return "'\(name)': \(note)"
                }
            }
        }
        return nil
    }
}
