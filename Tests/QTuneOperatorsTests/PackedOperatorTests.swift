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

    /// Steps, batch, inputs and hidden numbers of recurrent layers, with what makes them special.
    static let recurrent: [PackedCase] = [("RNN", 1), ("GRU", 3), ("LSTM", 4)].flatMap { type, gates in
        func made(
            _ attributes: [String: Attribute], batch: Int = 1, states: Bool = false, bias: Bool = true,
            _ more: [Shape?] = []
        )
            -> PackedCase
        {
            var attributes = attributes
            let (steps, inputs, hidden) = (3, 5, 18)
            attributes["hidden_size"] = .int(Int64(hidden))
            let directions = attributes["direction"] == .string("bidirectional") ? 2 : 1
            let isFirst = attributes["layout"] == .int(1)
            let state: Shape = isFirst ? [batch, directions, hidden] : [directions, batch, hidden]
            return PackedCase(
                type: type, attributes: attributes,
                operands: [
                    isFirst ? [batch, steps, inputs] : [steps, batch, inputs], [directions, gates * hidden, inputs],
                    [directions, gates * hidden, hidden], bias ? [directions, 2 * gates * hidden] : nil, nil,
                    states ? state : nil,
                ] + (type == "LSTM" && states ? [state] : []) + more, outputs: type == "LSTM" ? 3 : 2)
        }
        let functions = ["Affine", "ScaledTanh", "HardSigmoid"].prefix(gates == 4 ? 3 : gates == 3 ? 2 : 1)
        return [
            made([:]), made([:], batch: 9, states: true), made(["direction": .string("reverse")], bias: false),
            made(["direction": .string("bidirectional"), "clip": .float(0.3)], batch: 2, states: true),
            made(["layout": .int(1), "direction": .string("bidirectional")], batch: 3, states: true),
            made([
                "activations": .strings(functions.map { Array($0.utf8) }),
                "activation_alpha": .floats([0.5, 1.5, 0.3]),
                "activation_beta": .floats([0.1, 0.7, 0.4]),
            ]),
        ]
            + (type == "GRU" ? [made(["linear_before_reset": .int(1)], batch: 2, states: true)] : [])
            + (type == "LSTM"
                ? [made(["input_forget": .int(1)]), made([:], batch: 2, states: true, [[1, 3 * 18]])] : [])
    }

    @Test(arguments: convolutions + recurrent, [false, true])
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

    static let resized: [(Shape, [Float], [String: Attribute])] = ["nearest", "linear", "cubic"].flatMap { mode in
        let mode = Attribute.string(mode)
        return [
            ([1, 2, 5, 7], [1, 1, 2, 2], ["mode": mode]), ([1, 5, 7, 3], [1, 1.7, 3.3, 1], ["mode": mode]),
            (
                [2, 21, 18, 1], [1, 0.4, 0.6, 1], ["mode": mode, "antialias": .int(mode == .string("nearest") ? 0 : 1)]
            ),
            ([3, 4, 5], [2, 3, 0.5], ["mode": mode, "coordinate_transformation_mode": .string("align_corners")]),
            (
                [1, 1, 9, 9], [1, 1, 1.3, 0.7],
                ["mode": mode, "exclude_outside": .int(mode == .string("cubic") ? 1 : 0)]
            ),
            ([6], [3.5], ["mode": mode, "coordinate_transformation_mode": .string("asymmetric")]),
        ]
    }

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
