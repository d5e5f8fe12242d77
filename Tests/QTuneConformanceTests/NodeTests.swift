import Foundation
import QTuneGraph
import QTuneOperators
import QTuneTensor
import QTuneVerification
import Testing

/// The standard's own operator tests, from the folder that `QTUNE_NODE_TESTS` names. Prints what did not pass and the
/// sums; `QTUNE_NODE_TEST` picks cases by a part of their name.
@Suite struct NodeTests {
    /// Cases that pass at least, of those that the standard has.
    private static let floor = 0.98

    /// The cases; nil, with a word about it, where no folder is named.
    private func cases() throws -> [VerificationCase]? {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["QTUNE_NODE_TESTS"] else {
            print("skipped: QTUNE_NODE_TESTS names no folder of operator tests")
            return nil
        }
        let cases = try VerificationCase.find(in: folder).filter {
            environment["QTUNE_NODE_TEST"].map($0.name.contains) ?? true
        }
        try #require(!cases.isEmpty, "no case has a name with QTUNE_NODE_TEST in it")
        return cases
    }

    /// The engine is right about every case, or says that it does not support it and is known not to.
    @Test func everyCasePassesOrIsExcluded() throws {
        guard let cases = try cases() else { return }
        let exclusions = try Exclusions()
        var counts: [Verdict.Kind: Int] = [:]
        for testCase in cases {
            let verdict = testCase.verify()
            counts[verdict.kind, default: 0] += 1
            if verdict.kind != .pass { print("\(verdict.kind.rawValue) \(testCase.name): \(verdict.note)") }
            switch (verdict.kind, exclusions.reason(for: testCase.name)) {
            case (.wrong, _): Issue.record("\(testCase.name): \(verdict.note)")
            case (.pass, let reason?): Issue.record("\(testCase.name) passes but is excluded: \(reason)")
            case (.unsupported, nil): Issue.record("\(testCase.name) is not among the exclusions: \(verdict.note)")
            default: break
            }
        }
        print(
            "operator tests: \(Verdict.Kind.allCases.map { "\(counts[$0, default: 0]) \($0)" }.joined(separator: ", "))"
        )
        if cases.count > 1000 { #expect(Double(counts[.pass, default: 0]) >= Self.floor * Double(cases.count)) }
    }

    /// The plain interpreter gives the same answers, and nothing that inference says of any value is contradicted by
    /// it.
    @Test func inferenceAgreesWithEvaluation() throws {
        guard let cases = try cases() else { return }
        for testCase in cases {
            var contradictions: [String] = []
            let verdict = testCase.verdict { model in
                let inferred = try ShapeInference.infer(model)
                return VerificationCase.Runner(prepared: model) { inputs in
                    let values = try GraphInterpreter(opsets: model.opsets).values(of: model.graph, inputs: inputs)
                    var names: [String: Int] = [:]
                    contradictions += values.sorted { $0.key < $1.key }.compactMap { name, value in
                        inferred[name].flatMap { contradiction($0, value, &names) }.map { "'\(name)': \($0)" }
                    }
                    return values
                }
            }
            #expect(verdict.kind != .wrong, "\(testCase.name): \(verdict.note)")
            #expect(contradictions.isEmpty, "\(testCase.name)")
        }
    }
}
