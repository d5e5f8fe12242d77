import QTuneGraph
import QTuneTensor
import QTuneTestSupport
import Testing

/// Operators that kernels serve in float32, against the same in float64, which goes element by element.
@Suite struct PackedOperatorTests {
    struct PackedCase: Sendable, CustomTestStringConvertible {
        let type: String
        var attributes: [String: Attribute] = [:]
        /// nil for an operand that is left out.
        let operands: [Shape?]
        var outputs = 1
        var opset = 21
        var testDescription: String { "\(type) \(operands) \(attributes.keys.sorted())" }
    }

    private static func transposed(
        _ input: Shape, _ weights: Shape, bias: Bool = true, _ attributes: [String: Attribute]
    ) -> PackedCase {
        let groups = attributes["group"].flatMap { if case .int(let count) = $0 { Int(count) } else { nil } } ?? 1
        return PackedCase(
            type: "ConvTranspose", attributes: attributes,
            operands: [input, weights] + (bias ? [[weights[1] * groups]] : []))
    }

    static let convolutions = [
        transposed([1, 3, 4, 5], [3, 2, 4, 4], ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])]),
        transposed([2, 3, 4, 5], [3, 17, 2, 2], bias: false, ["strides": .ints([2, 2])]),
        transposed([1, 3, 3, 3], [3, 2, 3, 3], ["strides": .ints([2, 2]), "output_padding": .ints([1, 1])]),
        transposed([1, 2, 3, 3], [2, 2, 2, 2], ["strides": .ints([3, 4]), "output_padding": .ints([2, 0])]),
        transposed([1, 2, 4, 4], [2, 3, 3, 3], ["pads": .ints([2, 1, 0, 2])]),
        transposed([1, 2, 4, 4], [2, 3, 2, 3], ["strides": .ints([2, 3]), "pads": .ints([1, 2, 1, 2])]),
        transposed([1, 2, 4, 5], [2, 3, 3, 2], ["strides": .ints([2, 2]), "dilations": .ints([2, 3])]),
        transposed([1, 2, 4, 5], [2, 3, 3, 3], ["strides": .ints([4, 6]), "dilations": .ints([6, 4])]),
        transposed([1, 6, 4, 5], [6, 1, 4, 4], ["strides": .ints([2, 2]), "group": .int(6)]),
        transposed([1, 4, 3, 3], [4, 3, 3, 3], ["strides": .ints([2, 2]), "group": .int(2)]),
        transposed([1, 2, 3, 3], [2, 2, 3, 3], ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")]),
        transposed([1, 2, 3, 3], [2, 2, 3, 3], ["strides": .ints([3, 3]), "output_shape": .ints([10, 8])]),
        transposed([1, 2, 7], [2, 3, 4], ["strides": .ints([3])]),
        transposed([1, 1, 2, 1], [1, 1, 3, 1], ["strides": .ints([1, 1]), "pads": .ints([2, 0, 1, 0])]),
        transposed([1, 2, 2, 3, 2], [2, 3, 2, 2, 2], ["strides": .ints([2, 1, 2])]),
        transposed(
            [2, 2, 3, 3, 2], [2, 3, 3, 2, 2],
            ["strides": .ints([2, 2, 1]), "pads": .ints([2, 0, 1, 1, 1, 0]), "dilations": .ints([1, 2, 1])]),
        transposed(
            [1, 4, 2, 3, 2], [4, 1, 2, 2, 2], bias: false,
            ["strides": .ints([3, 2, 2]), "group": .int(2), "output_padding": .ints([2, 0, 0])]),
        PackedCase(
            type: "Conv", attributes: ["pads": .ints([1, 1, 1, 1, 1, 1])],
            operands: [[2, 3, 4, 5, 6], [5, 3, 3, 3, 3], [5]]),
        PackedCase(
            type: "Conv",
            attributes: [
                "pads": .ints([2, 0, 1, 3, 1, 0]), "strides": .ints([2, 1, 3]), "dilations": .ints([2, 2, 1]),
                "group": .int(2),
            ], operands: [[1, 4, 7, 5, 6], [6, 2, 3, 2, 2], nil]),
        PackedCase(
            type: "Conv", attributes: ["pads": .ints([5, 0, 0, 5, 0, 0])],
            operands: [[1, 1, 1, 2, 2], [2, 1, 2, 1, 2]]),
    ]

    /// A recurrent layer of three steps.
    private struct RecurrentDraft {
        var type: String
        var attributes: [String: Attribute] = [:]
        var batch = 1
        var directions = 1
        var hasBias = true
        var hasStates = false
        var hasPeepholes = false

        var made: PackedCase {
            let (steps, inputs, hidden) = (3, 5, 18)
            let gates = ["RNN": 1, "GRU": 3, "LSTM": 4][type] ?? 1
            let isFirst = attributes["layout"] == .int(1)
            let state: Shape = isFirst ? [batch, directions, hidden] : [directions, batch, hidden]
            var operands: [Shape?] = [
                isFirst ? [batch, steps, inputs] : [steps, batch, inputs], [directions, gates * hidden, inputs],
                [directions, gates * hidden, hidden],
            ]
            operands.append(hasBias ? [directions, 2 * gates * hidden] : nil)
            operands.append(nil)
            operands.append(hasStates ? state : nil)
            if type == "LSTM" { operands.append(hasStates ? state : nil) }
            if hasPeepholes { operands.append([directions, 3 * hidden]) }
            var attributes = attributes
            attributes["hidden_size"] = .int(Int64(hidden))
            if directions == 2 { attributes["direction"] = .string("bidirectional") }
            return PackedCase(
                type: type, attributes: attributes, operands: operands, outputs: type == "LSTM" ? 3 : 2)
        }
    }

    private static func functions(_ names: [String]) -> [String: Attribute] {
        [
            "activations": .strings(names.map { Array($0.utf8) }), "activation_alpha": .floats([0.5, 1.5, 0.3]),
            "activation_beta": .floats([0.1, 0.7, 0.4]),
        ]
    }

    static let recurrent: [PackedCase] = {
        var drafts: [RecurrentDraft] = []
        for type in ["RNN", "GRU", "LSTM"] {
            drafts.append(RecurrentDraft(type: type))
            drafts.append(RecurrentDraft(type: type, batch: 9, hasStates: true))
            drafts.append(RecurrentDraft(type: type, attributes: ["direction": .string("reverse")], hasBias: false))
            drafts.append(
                RecurrentDraft(type: type, attributes: ["clip": .float(0.3)], batch: 2, directions: 2, hasStates: true))
            drafts.append(
                RecurrentDraft(type: type, attributes: ["layout": .int(1)], batch: 3, directions: 2, hasStates: true))
        }
        drafts.append(RecurrentDraft(type: "RNN", attributes: functions(["Elu"])))
        drafts.append(RecurrentDraft(type: "GRU", attributes: functions(["Affine", "ScaledTanh"])))
        drafts.append(
            RecurrentDraft(type: "LSTM", attributes: functions(["HardSigmoid", "LeakyRelu", "Softplus"]), batch: 2))
        drafts.append(
            RecurrentDraft(type: "GRU", attributes: ["linear_before_reset": .int(1)], batch: 2, hasStates: true))
        drafts.append(RecurrentDraft(type: "LSTM", attributes: ["input_forget": .int(1)]))
        drafts.append(RecurrentDraft(type: "LSTM", batch: 2, hasStates: true, hasPeepholes: true))
        return drafts.map(\.made)
    }()

    /// Pools, and operators that sample between elements.
    static let sampled: [PackedCase] = {
        let images: Shape = [2, 5, 7, 20]
        var cases = [
            PackedCase(type: "GlobalAveragePool", operands: [images]),
            PackedCase(type: "GlobalMaxPool", operands: [[1, 3, 4, 5, 6]]),
            PackedCase(type: "GridSample", operands: [images, [2, 6, 5, 2]]),
            PackedCase(type: "GridSample", attributes: ["mode": .string("cubic")], operands: [images, [2, 6, 5, 2]]),
            PackedCase(
                type: "DeformConv", attributes: ["pads": .ints([1, 1, 1, 1]), "offset_group": .int(2)],
                operands: [[2, 4, 5, 6], [3, 4, 3, 3], [2, 36, 5, 6], [3], [2, 18, 5, 6]]),
            PackedCase(
                type: "DeformConv", attributes: ["strides": .ints([2, 1])],
                operands: [[1, 3, 5, 6], [20, 3, 2, 2], [1, 8, 2, 5]]),
        ]
        for type in ["MaxPool", "AveragePool", "LpPool"] {
            let two: [String: Attribute] = [
                "kernel_shape": .ints([3, 2]), "strides": .ints([2, 2]), "pads": .ints([1, 0, 1, 1]),
            ]
            cases.append(PackedCase(type: type, attributes: two, operands: [images]))
            cases.append(PackedCase(type: type, attributes: ["kernel_shape": .ints([4])], operands: [[1, 2, 40]]))
            cases.append(
                PackedCase(
                    type: type, attributes: two.merging(["ceil_mode": .int(1), "dilations": .ints([1, 2])]) { $1 },
                    operands: [images]))
            cases.append(
                PackedCase(
                    type: type, attributes: ["kernel_shape": .ints([2, 1, 3]), "auto_pad": .string("SAME_LOWER")],
                    operands: [[1, 2, 4, 3, 9]]))
        }
        cases.append(
            PackedCase(
                type: "AveragePool",
                attributes: [
                    "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "count_include_pad": .int(1),
                ], operands: [images]))
        cases.append(
            PackedCase(type: "LpPool", attributes: ["kernel_shape": .ints([2, 2]), "p": .int(1)], operands: [images]))
        return cases
    }()

    @Test(arguments: convolutions + recurrent + sampled, [false, true])
    func agreesWithDoublePrecision(_ given: PackedCase, prepacks: Bool) throws {
        var numbers = SeededGenerator(seed: 3)
        let operands = given.operands.map { $0.map { numbers.floats($0) } }
        let wide = operands.map { $0.map { Tensor($0.array(of: Float.self).map { Double($0) }, shape: $0.shape) } }
        let results = try evaluateNode(
            given.type, opset: given.opset, given.attributes, operands, outputs: given.outputs, prepacks: prepacks)
        let expected = try evaluateNode(given.type, opset: given.opset, given.attributes, wide, outputs: given.outputs)
        #expect(results.map(\.shape) == expected.map(\.shape))
        for (result, reference) in zip(results, expected) {
            let values = zip(result.array(of: Float.self), reference.array(of: Double.self))
            #expect(values.allSatisfy { abs(Double($0) - $1) < 1e-4 })
        }
    }

    static let resized: [(Shape, [Float], [String: Attribute])] = {
        var cases: [(Shape, [Float], [String: Attribute])] = []
        for mode in ["nearest", "linear", "cubic"] {
            let isNearest = mode == "nearest"
            func add(_ shape: Shape, _ scales: [Float], _ more: [String: Attribute] = [:]) {
                cases.append((shape, scales, more.merging(["mode": .string(mode)]) { $1 }))
            }
            add([1, 2, 5, 7], [1, 1, 2, 2])
            add([1, 5, 7, 3], [1, 1.7, 3.3, 1])
            add([2, 21, 18, 1], [1, 0.4, 0.6, 1], ["antialias": .int(isNearest ? 0 : 1)])
            add([3, 4, 5], [2, 3, 0.5], ["coordinate_transformation_mode": .string("align_corners")])
            add([1, 1, 9, 9], [1, 1, 1.3, 0.7], ["exclude_outside": .int(mode == "cubic" ? 1 : 0)])
            add([6], [3.5], ["coordinate_transformation_mode": .string("asymmetric")])
        }
        return cases
    }()

    @Test(arguments: resized)
    func resizesAsInDoublePrecision(shape: Shape, scales: [Float], attributes: [String: Attribute]) throws {
        var numbers = SeededGenerator(seed: 4)
        let x = numbers.floats(shape)
        let wide = Tensor(x.array(of: Float.self).map { Double($0) }, shape: shape)
        let results = try [x, wide].map { x in
            try evaluateNode("Resize", opset: 19, attributes, [x, nil, Tensor(scales)])[0]
        }
        #expect(results[0].shape == results[1].shape)
        let pairs = zip(results[0].array(of: Float.self), results[1].array(of: Double.self))
        #expect(pairs.allSatisfy { abs(Double($0) - $1) < 1e-5 })
    }
}
