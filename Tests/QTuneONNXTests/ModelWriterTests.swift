import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import Testing

struct ModelWriterTests {
    @Test func bytesAreTheStandardsAndNoMore() throws {
        var model = Samples.identity()
        model.producerName = ""
        model.graph.inputs[0].type = nil
        model.graph.outputs[0].type = nil
        let expected =
            Wire.number(1, 8)
            + Wire.bytes(
                7,
                Wire.bytes(1, Wire.text(1, "x") + Wire.text(2, "y") + Wire.text(4, "Identity")) + Wire.text(2, "g")
                    + Wire.bytes(11, Wire.text(1, "x")) + Wire.bytes(12, Wire.text(1, "y")))
            + Wire.bytes(8, Wire.number(2, 13))
        #expect(try ModelWriter.encode(model) == expected)
    }

    @Test func initializersComeInTheOrderOfTheirUse() throws {
        var model = Samples.identity()
        model.graph = Graph(
            name: "g", outputs: [ValueInfo("y")],
            initializers: [
                "d": Tensor([Int8(1)]), "a": Tensor([Int8(2)]), "c": Tensor([Int8(3)]), "b": Tensor([Int8(4)]),
            ],
            nodes: [Node("Add", inputs: ["c", "b"], outputs: ["y"])])
        let bytes = try ModelWriter.encode(model)
        let positions = ["c", "b", "a", "d"].compactMap { name in
            bytes.indices.first { bytes[$0...].starts(with: Wire.text(8, name)) }
        }
        #expect(positions.count == 4)
        #expect(positions == positions.sorted())
    }

    @Test func irVersionRisesWhereTheContentNeedsIt() throws {
        var model = Samples.identity()
        model.irVersion = 3
        #expect(try ModelReader.read(bytes: ModelWriter.encode(model)).irVersion == 3)
        model.graph.initializers["x"] = Tensor([Float(1), 2])
        #expect(try ModelReader.read(bytes: ModelWriter.encode(model)).irVersion == 3)
        model.graph.initializers["w"] = Tensor([Float(1)])
        #expect(try ModelReader.read(bytes: ModelWriter.encode(model)).irVersion == 4)
        model.functions = Samples.rich().functions
        #expect(try ModelReader.read(bytes: ModelWriter.encode(model)).irVersion == 8)
    }

    @Test func failureLeavesTheOldFile() throws {
        try withTestFolder { folder in
            let path = folder + "/m.onnx"
            try ModelWriter.write(Samples.identity(), to: path)
            let old = try contents(of: path)
            var model = Samples.rich()
            model.graph.name = "nul\u{0}inside"
            #expect(throws: QTuneError.self) { try ModelWriter.write(model, to: path) }
            #expect(throws: QTuneError.self) { try ModelWriter.write(model, to: path, largestFile: 100) }
            #expect(try contents(of: path) == old)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["m.onnx"])
        }
    }

    @Test func impossiblePathsAreErrors() throws {
        try withTestFolder { folder in
            for path in [folder, folder + "/missing/m.onnx", "/dev/null", ""] {
                #expect(throws: QTuneError.self) { try ModelWriter.write(Samples.identity(), to: path) }
            }
            for path in [folder, folder + "/missing.onnx", "/dev/null", ""] {
                let error = try #require(throws: QTuneError.self) { try ModelReader.read(path: path) }
                #expect(error.code == .inputOutput)
                #expect(error.place.first == path)
            }
        }
    }

    @Test func aLinkKeepsPointingAtTheFile() throws {
        try withTestFolder { folder in
            try put([1], at: folder + "/target.onnx")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/link.onnx", withDestinationPath: "target.onnx")
            try ModelWriter.write(Samples.identity(), to: folder + "/link.onnx")
            #expect(try ModelReader.read(path: folder + "/target.onnx") == Samples.identity())
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/link.onnx") == "target.onnx")
        }
    }
}
