import QTuneGraph
import QTuneONNX
import QTuneTensor
import QTuneTestSupport
import Testing

/// Large tensors stay in the file that holds them; what is read is the same as from memory.
struct LargeTensorTests {
    private static let elements = 20_000

    /// A float32 tensor message of many elements that starts at no particular place.
    private static func large(_ name: String, seed: UInt8) -> [UInt8] {
        let data = (0..<4 * elements).map { UInt8(truncatingIfNeeded: $0 &* 31) ^ seed & 0x3F }
        return Wire.number(1, Int64(elements)) + Wire.number(2, 1) + Wire.text(8, name) + Wire.bytes(9, data)
    }

    /// Large tensors as an initializer, in an attribute, and in the graph of an attribute; a small one between them.
    private static let model: [UInt8] = {
        let attribute = Wire.text(1, "value") + Wire.number(20, 4) + Wire.bytes(5, large("", seed: 1))
        let constant = Wire.bytes(1, Wire.text(2, "c") + Wire.text(4, "Constant") + Wire.bytes(5, attribute))
        let inner = Wire.text(2, "inner") + Wire.bytes(5, large("v", seed: 2)) + Wire.bytes(12, Wire.text(1, "v"))
        let body = Wire.text(1, "body") + Wire.number(20, 5) + Wire.bytes(6, inner)
        let loop = Wire.bytes(1, Wire.text(2, "l") + Wire.text(4, "Loop") + Wire.bytes(5, body))
        let small = Wire.number(1, 1) + Wire.number(2, 7) + Wire.text(8, "s") + Wire.bytes(9, [7, 0, 0, 0, 0, 0, 0, 0])
        return Wire.model(
            graph: Wire.bytes(5, large("w", seed: 3)) + Wire.bytes(5, small) + constant + loop
                + Wire.bytes(5, large("last", seed: 4)))
    }()

    @Test func readTheSameFromAFileAndFromMemory() throws {
        try withTestFolder { folder in
            try put(Self.model, at: folder + "/m.onnx")
            let mapped = try ModelReader.read(path: folder + "/m.onnx")
            let copied = try ModelReader.read(bytes: Self.model)
            #expect(mapped.graph == copied.graph)
            #expect(mapped.graph.initializers["s"]?.integers == [7])
            #expect(mapped.graph.initializers["w"]?.count == Self.elements)
            #expect(try ModelWriter.encode(mapped) == ModelWriter.encode(copied))
        }
    }

    @Test func replacingTheFileIsSafe() throws {
        try withTestFolder { folder in
            let path = folder + "/m.onnx"
            try put(Self.model, at: path)
            let model = try ModelReader.read(path: path)
            try ModelWriter.write(Model(graph: Graph(), opsets: ["": 13]), to: path)
            #expect(try model.graph == ModelReader.read(bytes: Self.model).graph)
        }
    }

    @Test(arguments: [
        // Bytes that do not fill the shape, bytes beside other elements, and the number that stands for pieces.
        ("do not fill", Wire.number(1, 3) + Wire.number(2, 1) + Wire.bytes(9, [UInt8](repeating: 0, count: 70_000))),
        (
            "given twice",
            Wire.number(1, 17_500) + Wire.number(2, 1) + Wire.bytes(9, [UInt8](repeating: 0, count: 70_000))
                + Wire.bytes(4, [0, 0, 0, 0])
        ),
        ("impossible number", Wire.number(1, 1) + Wire.number(2, 1) + Wire.number((1 << 29) - 1, 0)),
    ])
    func isRefused(word: String, tensor: [UInt8]) throws {
        try withTestFolder { folder in
            try put(Wire.model(tensor: tensor), at: folder + "/m.onnx")
            let error = try #require(throws: QTuneError.self) { try ModelReader.read(path: folder + "/m.onnx") }
            #expect(error.code == .invalidModel && error.description.contains(word), "\(error)")
        }
    }

    @Test func damagedFilesGiveErrors() throws {
        try withTestFolder { folder in
            var generator = SeededGenerator(seed: 7)
            for _ in 0..<60 {
                var bytes = Self.model
                // The structure round each large piece, and the lengths in front of it.
                for _ in 0..<3 {
                    let piece = Int.random(in: 0..<5, using: &generator) * (4 * Self.elements + 40)
                    let position = min(bytes.count - 1, piece + Int.random(in: 0..<160, using: &generator))
                    bytes[position] = UInt8.random(in: .min ... .max, using: &generator)
                }
                try put(Bool.random(using: &generator) ? bytes : Array(bytes.dropLast(9)), at: folder + "/m.onnx")
                do { _ = try ModelReader.read(path: folder + "/m.onnx") } catch is QTuneError {}
            }
        }
    }
}
