import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import Testing

/// Files that are damaged or made to do harm: each gives an error or a sound model.
struct HostileInputTests {
    static func nestedTypes(_ depth: Int) -> [UInt8] {
        var type: [UInt8] = []
        for _ in 0..<depth { type = Wire.bytes(4, Wire.bytes(1, type)) }
        return Wire.bytes(13, Wire.text(1, "v") + Wire.bytes(2, type))
    }

    static func nestedGraphs(_ depth: Int) -> [UInt8] {
        var graph = Wire.text(2, "g")
        for _ in 0..<depth {
            let attribute = Wire.text(1, "body") + Wire.number(20, 5) + Wire.bytes(6, graph)
            graph = Wire.bytes(1, Wire.text(4, "Loop") + Wire.bytes(5, attribute))
        }
        return graph
    }

    static func node(_ inputs: [String], _ outputs: [String], _ more: [UInt8] = Wire.text(4, "Add")) -> [UInt8] {
        Wire.bytes(1, inputs.flatMap { Wire.text(1, $0) } + outputs.flatMap { Wire.text(2, $0) } + more)
    }

    static func function(_ name: String, calls: String) -> [UInt8] {
        let body = Wire.bytes(7, Wire.text(1, "a") + Wire.text(2, "b") + Wire.text(4, calls) + Wire.text(7, "f"))
        let opset = Wire.bytes(9, Wire.text(1, "f") + Wire.number(2, 1))
        return Wire.bytes(
            25, Wire.text(1, name) + Wire.text(10, "f") + Wire.text(4, "a") + Wire.text(5, "b") + body + opset)
    }

    static let attribute = Wire.bytes(5, Wire.text(1, "a") + Wire.number(20, 2))
    static let one = Wire.number(2, 2) + Wire.bytes(9, [1])

    /// What a file holds, and a word that the error's text must have.
    static let cases: [(String, [UInt8])] = [
        ("empty", []),
        ("IR version", Wire.bytes(7, [])),
        ("IR version", Wire.model(ir: 99)),
        ("no graph", Wire.number(1, 8) + Wire.bytes(8, Wire.number(2, 13))),
        ("operator sets", Wire.number(1, 8) + Wire.bytes(7, [])),
        ("version 0", Wire.number(1, 8) + Wire.bytes(8, Wire.number(2, 0)) + Wire.bytes(7, [])),
        ("two versions", Wire.model(model: Wire.bytes(8, Wire.text(1, "ai.onnx") + Wire.number(2, 12)))),
        ("wire type", Wire.model(model: [0x0B])),
        ("wire type", Wire.model(model: [0x0F])),
        ("impossible number", Wire.model(model: [0x00, 0x00])),
        ("longer than 64 bits", Wire.model(model: [UInt8](repeating: 0xFF, count: 12))),
        ("past the end", Wire.model(model: Wire.varint(7 << 3 | 2) + Wire.varint(1 << 40))),
        ("past the end", Wire.model(model: Wire.varint(7 << 3 | 2) + Wire.varint(.max))),
        ("given twice", Wire.model(model: Wire.bytes(7, []))),
        ("NUL", Wire.model(model: Wire.bytes(2, [65, 0, 66]))),
        ("nested", Wire.model(graph: nestedTypes(60))),
        ("nested", Wire.model(graph: nestedTypes(3000))),
        ("nested", Wire.model(graph: nestedGraphs(40))),
        ("cycle", Wire.model(graph: node(["b"], ["a"]) + node(["a"], ["b"]))),
        ("cycle", Wire.model(graph: node(["a"], ["a"]))),
        ("'nowhere'", Wire.model(graph: node(["nowhere"], ["a"]))),
        ("more than once", Wire.model(graph: node(["x"], ["a"]) + node(["x"], ["a"]))),
        ("more than once", Wire.model(graph: node(["x"], ["a", "a"]))),
        ("more than once", Wire.model(graph: node(["y"], ["x"]))),
        ("made by no node", Wire.model(graph: Wire.bytes(12, Wire.text(1, "z")))),
        ("two inputs", Wire.model(graph: Wire.bytes(11, Wire.text(1, "x")))),
        ("two outputs", Wire.model(graph: Wire.bytes(12, Wire.text(1, "y")))),
        ("no name", Wire.model(graph: Wire.bytes(11, []))),
        ("no name", Wire.model(graph: Wire.bytes(5, one))),
        (
            "two initializers",
            Wire.model(graph: Wire.bytes(5, Wire.text(8, "w") + one) + Wire.bytes(5, Wire.text(8, "w") + one))
        ),
        ("no operator", Wire.model(graph: node(["x"], ["a"], []))),
        ("'other.domain'", Wire.model(graph: node(["x"], ["a"], Wire.text(4, "Op") + Wire.text(7, "other.domain")))),
        ("attribute type number 0", Wire.model(node: Wire.bytes(5, Wire.text(1, "a")))),
        ("attribute type number 77", Wire.model(node: Wire.bytes(5, Wire.text(1, "a") + Wire.number(20, 77)))),
        ("no value", Wire.model(node: Wire.bytes(5, Wire.text(1, "a") + Wire.number(20, 4)))),
        ("given twice", Wire.model(node: attribute + attribute)),
        ("uses itself", Wire.model(model: function("F", calls: "F"))),
        ("uses itself", Wire.model(model: function("F", calls: "G") + function("G", calls: "F"))),
        ("defined twice", Wire.model(model: function("F", calls: "H") + function("F", calls: "H"))),
        ("no name", Wire.model(graph: Wire.bytes(15, Wire.number(3, 4)))),
        ("outside", Wire.model(graph: Wire.bytes(15, sparse(index: 4)))),
        ("outside", Wire.model(graph: Wire.bytes(15, sparse(index: -1)))),
        ("'v'", Wire.model(graph: declared(length: (1 << 40) + 1))),
        ("9223372036854775807", Wire.model(graph: declared(length: .max))),
        ("its keys", Wire.model(graph: Wire.bytes(13, Wire.text(1, "v") + Wire.bytes(2, Wire.bytes(5, []))))),
    ]

    static func declared(length: Int64) -> [UInt8] {
        let shape = Wire.bytes(2, Wire.bytes(1, Wire.number(1, length)))
        return Wire.bytes(13, Wire.text(1, "v") + Wire.bytes(2, Wire.bytes(1, Wire.number(1, 1) + shape)))
    }

    static func sparse(index: Int64) -> [UInt8] {
        let values = Wire.bytes(1, Wire.text(8, "s") + Wire.number(1, 1) + one)
        let indices = Wire.bytes(2, Wire.number(1, 1) + Wire.number(2, 7) + Wire.packed(7, [index]))
        return values + indices + Wire.number(3, 4)
    }

    @Test(arguments: cases)
    func isRefused(word: String, bytes: [UInt8]) throws {
        let error = try #require(throws: QTuneError.self) { try ModelReader.read(bytes: bytes) }
        #expect(error.code == .invalidModel || error.code == .unsupported)
        #expect(error.description.contains(word), "\(error)")
    }

    @Test func whatIsDeepButAllowedLoads() throws {
        #expect(try ModelReader.read(bytes: Wire.model(graph: Self.nestedTypes(40))).graph.valueInfo["v"] != nil)
        #expect(try !ModelReader.read(bytes: Wire.model(graph: Self.nestedGraphs(25))).graph.nodes.isEmpty)
    }

    @Test func nodesOutOfOrderAreSorted() throws {
        let bytes = Wire.model(graph: Self.node(["b"], ["c"]) + Self.node(["x"], ["b"]))
        #expect(try ModelReader.read(bytes: bytes).graph.nodes.flatMap(\.outputs) == ["b", "c", "y"])
    }

    @Test func cutAnywhere() throws {
        let bytes = try ModelWriter.encode(Samples.rich())
        for percent in 0..<100 { survives(Array(bytes.prefix(bytes.count * percent / 100))) }
        for count in 0..<min(1000, bytes.count) { survives(Array(bytes.prefix(count))) }
    }

    @Test func flippedBytes() throws {
        let bytes = try ModelWriter.encode(Samples.rich())
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                // Most bytes are weights; the structure lies before and behind them.
                let position = Int.random(in: 0..<min(bytes.count, 1200), using: &generator)
                damaged[Bool.random(using: &generator) ? position : bytes.count - 1 - position] =
                    UInt8.random(in: .min ... .max, using: &generator)
            }
            survives(damaged)
        }
    }

    @Test func manyEmptyMessagesTakeBoundedTime() throws {
        let info = Wire.bytes(13, [])
        let graph = [[UInt8]](repeating: info, count: 300_000).flatMap { $0 }
        #expect(try ModelReader.read(bytes: Wire.model(graph: graph)).graph.valueInfo.count == 1)
    }
}

/// Reads bytes that may be damaged, and writes and reads again what they give.
func survives(_ bytes: [UInt8]) {
    do {
        let model = try ModelReader.read(bytes: bytes)
        let again = try ModelReader.read(bytes: ModelWriter.encode(model))
        #expect(again.graph.nodes.count == model.graph.nodes.count)
    } catch {
        #expect(error is QTuneError, "\(error)")
    }
}
