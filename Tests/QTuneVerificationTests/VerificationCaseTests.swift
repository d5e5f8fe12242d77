import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import QTuneVerification
import Testing

@Suite struct VerificationCaseTests {
    private static let operand = Tensor([1, 2, 3] as [Float])
    private static let doubled = Tensor([2, 4, 6] as [Float])

    private static func twice() -> Model {
        let g = GraphBuilder()
        let x = g.input("x", [3])
        return g.model(x + x)
    }

    private static func random() -> Model {
        let g = GraphBuilder()
        return g.model(g("RandomUniformLike", g.input("x", [3])))
    }

    private static func unknown() -> Model {
        let g = GraphBuilder()
        var model = g.model(g("org.example.Frobnicate", g.input("x", [3])))
        model.opsets["org.example"] = 1
        return model
    }

    /// Writes a case to a folder of its own and gives what `body` says of it.
    private func withCase<Result>(
        _ model: Model, expecting expected: Tensor?, tolerance: String? = nil, file: String = "model.onnx",
        _ body: (String) throws -> Result
    ) throws -> Result {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("qtune-\(UUID().uuidString)")
        let folder = root.appendingPathComponent("nested/test_one")
        let data = folder.appendingPathComponent("test_data_set_0")
        try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try ModelWriter.write(model, to: folder.appendingPathComponent(file).path)
        try TensorFile.write(Self.operand, to: data.appendingPathComponent("input_0.pb").path)
        if let expected { try TensorFile.write(expected, to: data.appendingPathComponent("output_0.pb").path) }
        try tolerance?.write(
            to: folder.appendingPathComponent("tolerance.txt"), atomically: true, encoding: .utf8)
        return try body(root.path)
    }

    private func verdict(
        _ model: Model, _ expected: Tensor?, tolerance: String? = nil, file: String = "model.onnx"
    ) throws -> Verdict {
        try withCase(model, expecting: expected, tolerance: tolerance, file: file) { root in
            let cases = try VerificationCase.find(in: root)
            #expect(cases.map(\.name) == ["test_one"])
            return cases[0].verify()
        }
    }

    @Test func theRightAnswerPasses() throws {
        let verdict = try verdict(Self.twice(), Self.doubled)
        #expect(verdict.kind == .pass && verdict.note.isEmpty)
    }

    @Test func theNetworkMayHaveAnyName() throws {
        #expect(try verdict(Self.twice(), Self.doubled, file: "twice-7.onnx").kind == .pass)
    }

    /// The tolerance is absolute + relative * |expected|; 6.5 is due where 6 is computed.
    @Test(arguments: [
        (nil, Verdict.Kind.wrong), ("0.1 0", .pass), ("0.07 0", .wrong), ("0 0.51", .pass), ("0 0.49", .wrong),
        ("0.05 0.2\n", .pass), ("much", .wrong), ("", .wrong),
    ])
    func toleranceDecides(_ tolerance: String?, _ kind: Verdict.Kind) throws {
        let expected = Tensor([2, 4, 6.5] as [Float])
        #expect(try verdict(Self.twice(), expected, tolerance: tolerance).kind == kind)
    }

    @Test(arguments: [
        (Tensor([2, 4, 7] as [Float]), "1 of 3 elements differ: element 2 is 6.0, not 7.0"),
        (Tensor([2, 4, .nan] as [Float]), "element 2 is 6.0, not nan"),
        (Tensor([2, .infinity, -.infinity] as [Float]), "2 of 3 elements differ: element 1 is 4.0, not inf"),
        (Tensor([2, 4] as [Float]), "float32[3], not float32[2]"),
        (Tensor([2, 4, 6] as [Int32]), "float32[3], not int32[3]"),
    ])
    func aWrongAnswerSaysWhere(_ expected: Tensor, _ note: String) throws {
        let verdict = try verdict(Self.twice(), expected)
        #expect(verdict.kind == .wrong)
        #expect(verdict.note.contains(note), "\(verdict.note)")
    }

    @Test func nothingToCompareWithIsNoPass() throws {
        let verdict = try verdict(Self.twice(), nil)
        #expect(verdict.kind == .wrong && verdict.note.contains("no answer for the output"))
    }

    @Test func anUnknownOperatorIsUnsupported() throws {
        let verdict = try verdict(Self.unknown(), Self.doubled)
        #expect(verdict.kind == .unsupported)
        #expect(verdict.note.contains("org.example.Frobnicate"))
    }

    @Test func randomResultsAreComparedByTypeAndShape() throws {
        let verdict = try verdict(Self.random(), Self.doubled)
        #expect(verdict.kind == .pass && verdict.note.contains("random"))
        #expect(try self.verdict(Self.random(), Tensor([1, 2] as [Float])).kind == .wrong)
    }

    @Test func aFolderWithoutCasesIsAnError() throws {
        #expect(throws: QTuneError.self) { try VerificationCase.find(in: "/no/such/folder") }
        #expect(throws: QTuneError.self) {
            try VerificationCase.find(in: URL(fileURLWithPath: #filePath).deletingLastPathComponent().path)
        }
    }
}
