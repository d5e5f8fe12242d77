import QTuneGraph
import QTuneONNX
import QTuneTensor
import Testing

struct RoundTripTests {
    @Test(arguments: DType.allCases)
    func initializersOfEveryType(dtype: DType) throws {
        for shape in [[], [3], [2, 5], [0], [4, 0, 2], [33, 67]] as [Shape] {
            var model = Samples.identity()
            model.graph.initializers["w"] = Samples.tensor(dtype, shape)
            #expect(try roundTrip(model) == model, "\(shape)")
        }
    }

    @Test(arguments: Samples.attributes)
    func attributes(name: String, attribute: Attribute) throws {
        var node = Node("Custom", domain: "example.org", name: "n", inputs: ["x", "", "x"], outputs: ["", "y"])
        node.attributes = [name: attribute, "other": .int(0)]
        let graph = Graph(name: "g", inputs: [ValueInfo("x")], outputs: [ValueInfo("y")], nodes: [node])
        let model = Model(graph: graph, opsets: ["example.org": 2])
        #expect(try roundTrip(model) == model)
    }

    @Test(
        arguments: [
            nil, .tensor(nil, nil), .tensor(.float32, nil), .tensor(.int4, []),
            .tensor(.float16, [.fixed(0), .fixed(3), .symbolic("batch"), .unknown]),
            .sparseTensor(.float64, [.fixed(9)]),
            .sequence(nil), .sequence(.tensor(.string, [.unknown])), .optional(.sequence(.tensor(.bool, nil))),
            .map(key: .int64, value: .tensor(.float32, [])), .map(key: .string, value: nil),
        ] as [ValueType?])
    func valueTypes(type: ValueType?) throws {
        var model = Samples.identity()
        model.graph.inputs[0].type = type
        model.graph.outputs[0].documentation = "the result"
        model.graph.outputs[0].metadata = ["a": "b"]
        model.graph.valueInfo["y"] = ValueInfo("y", type)
        #expect(try roundTrip(model) == model)
    }

    @Test func denotations() throws {
        var model = Samples.identity()
        model.graph.inputs[0].type = .tensor(.float32, [.unknown, .fixed(3)])
        model.graph.inputs[0].denotation = "IMAGE"
        model.graph.inputs[0].axisDenotations = ["DATA_BATCH", ""]
        #expect(try roundTrip(model) == model)
    }

    @Test func everythingAroundTheGraph() throws {
        let model = Samples.rich()
        #expect(try roundTrip(model) == model)
    }

    @Test func unknownFieldsOfEveryWireType() throws {
        // Field 200 as a number, 201 as bytes, 202 with 8 bytes, 203 with 4.
        let later =
            Wire.number(200, -1) + Wire.text(201, "later") + Wire.varint(202 << 3 | 1) + [1, 2, 3, 4, 5, 6, 7, 8]
            + Wire.varint(203 << 3 | 5) + [1, 2, 3, 4]
        let training = Wire.bytes(20, Wire.bytes(1, Wire.text(2, "init")) + Wire.pair(3, "a", "b"))
        let devices = Wire.bytes(26, Wire.text(1, "two") + Wire.number(2, 2) + Wire.text(3, "gpu0"))
        let placement = Wire.bytes(10, Wire.text(1, "two") + Wire.number(3, 1))
        let opaque = Wire.bytes(
            13, Wire.text(1, "v") + Wire.bytes(2, Wire.bytes(7, Wire.text(1, "d") + Wire.text(2, "n"))))
        let notes = Wire.text(12, "weights") + Wire.pair(16, "k", "v")
        let tensor = Wire.bytes(
            5, Wire.number(1, 1) + Wire.number(2, 2) + Wire.bytes(9, [7]) + Wire.text(8, "w") + notes + later)
        let source = Wire.model(
            graph: tensor + opaque + later, node: placement + later, ir: 11, model: training + devices + later)
        let model = try ModelReader.read(bytes: source)
        let written = try ModelWriter.encode(model)
        #expect(try ModelReader.read(bytes: written) == model)
        for part in [later, training, devices, placement, opaque, notes] {
            #expect(contains(written, part), "\(part)")
        }
    }

    @Test func sparseInitializers() throws {
        var model = Samples.identity()
        let values = Tensor([Float(1), 2, 3])
        model.graph.sparseInitializers = [
            "linear": SparseTensor(values: values, indices: Tensor([Int64(0), 7, 11]), dimensions: [3, 4]),
            "pairs": SparseTensor(
                values: values, indices: Tensor([Int64(0), 0, 1, 3, 2, 3], shape: [3, 2]), dimensions: [3, 4]),
        ]
        #expect(try roundTrip(model) == model)
    }

    private func roundTrip(_ model: Model) throws -> Model {
        let bytes = try ModelWriter.encode(model)
        #expect(try ModelWriter.encode(model) == bytes)
        return try ModelReader.read(bytes: bytes)
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        bytes.indices.contains { bytes[$0...].starts(with: part) }
    }
}
