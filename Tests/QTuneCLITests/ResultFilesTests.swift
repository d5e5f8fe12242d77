import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import Testing

/// `qtune run --output` on results of every kind.
@Suite struct ResultFilesTests {
    private func run(_ g: GraphBuilder, _ outputs: [GraphBuilder.Expression], in folder: String) throws {
        let file = folder + ".onnx"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try ModelWriter.write(Model(graph: g.graph(outputs), opsets: ["": 18]), to: file)
        let outcome = try QTuneProcess.run("run", file, "--output", folder)
        #expect(outcome.status == 0, "\(outcome.messages)")
    }

    private func json(_ path: String) throws -> Any {
        try JSONSerialization.jsonObject(with: Data(try contents(of: path)), options: .fragmentsAllowed)
    }

    private func number(_ path: String) throws -> Float? { try Npy.read(path: path).array(of: Float.self).first }

    @Test func equalFileNamesAreNumbered() throws {
        try withTestFolder { folder in
            let g = GraphBuilder()
            let numbers = (0..<4).map { g.constant(Tensor([Float($0)])) }
            let outputs =
                g.apply("Identity", [numbers[0]], results: ["p/q"])
                + g.apply("Identity", [numbers[1]], results: ["p_q"])
                + g.apply("SequenceConstruct", [numbers[2]], results: ["x"])
                + g.apply("Identity", [numbers[3]], results: ["x_0"])
            try run(g, outputs, in: folder)
            #expect(try names(in: folder) == ["p_q-2.npy", "p_q.npy", "x.json", "x_0-2.npy", "x_0.npy"])
            for (name, value) in [("p_q", 0), ("p_q-2", 1), ("x_0", 2), ("x_0-2", 3)] as [(String, Float)] {
                #expect(try number("\(folder)/\(name).npy") == value, "\(name)")
            }
            #expect(try json("\(folder)/x.json") as? [String] == ["x_0.npy"])
        }
    }

    /// What is empty says so, and nothing of an earlier run stands for it.
    @Test func emptyResultsReplaceEarlierOnes() throws {
        try withTestFolder { folder in
            for name in ["none", "empty"] { try Npy.write(Tensor([1] as [Float]), to: "\(folder)/\(name).npy") }
            let g = GraphBuilder()
            let type = Attribute.type(.tensor(.float32, [.fixed(1)]))
            let outputs =
                g.apply("Optional", [], results: ["none"], attributes: ["type": type])
                + g.apply("SequenceEmpty", [], results: ["empty"])
            try run(g, outputs, in: folder)
            #expect(try names(in: folder) == ["empty.json", "none.json"])
            #expect(try json("\(folder)/none.json") is NSNull)
            #expect((try json("\(folder)/empty.json") as? [Any])?.isEmpty == true)
        }
    }

    @Test func stringsKeepTheirShape() throws {
        try withTestFolder { folder in
            let g = GraphBuilder()
            let words = g.constant(Tensor(strings: ["a", "b", "c", "d"], shape: [2, 2]))
            try run(g, g.apply("Identity", [words], results: ["words"]), in: folder)
            let value = try json("\(folder)/words.json") as? [String: Any]
            #expect(value?["shape"] as? [Int] == [2, 2])
            #expect(value?["strings"] as? [String] == ["a", "b", "c", "d"])
        }
    }
}
