import Foundation
import QTuneGraph
import QTuneKernels
import QTuneOperators
import QTuneTensor
import Testing

/// The standard's attention operators. Expected values are those of the standard's reference implementation.
@Suite struct AttentionTests {
    @Test(arguments: Self.cases) func agreesWithTheReference(_ testCase: OperatorCase) throws { try testCase.check() }

    @Test(arguments: Self.badCases) func badOperandsAreErrors(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    static let cases: [OperatorCase] = [
        // Two query heads share a head of keys with a cache; the last query sees nothing.
        OperatorCase(
            "Attention", opset: 23, ["softcap": .float(2), "qk_matmul_output_mode": .int(3)],
            [
                floats([0, 1.25, 1.25, -0.5, -0.25, -0.5, 0.5, 0, 0.75, -1.75, 1.5, 0], [1, 2, 3, 2]),
                floats([0.75, -0.25, -0.5, 0.5], [1, 1, 2, 2]), floats([0.75, -0.25], [1, 1, 2, 1]),
                truths([true, true, false, false, true, true, false, false, false], [3, 3]),
                floats([-0.25, 0.75], [1, 1, 1, 2]), floats([-0.75], [1, 1, 1, 1]),
            ],
            gives: [
                floats([-0.30391, 0.53877, 0, 0.13064, 0.56899, 0], [1, 2, 3, 1]),
                floats([-0.25, 0.75, 0.75, -0.25, -0.5, 0.5], [1, 1, 3, 2]),
                floats([-0.75, 0.75, -0.25], [1, 1, 3, 1]),
                floats(
                    [
                        0.7026, 0.2974, 0, 0, 0.78877, 0.21123, 0, 0, 0, 0.41291, 0.58709, 0, 0, 0.81899, 0.18101, 0, 0,
                        0,
                    ], [1, 2, 3, 3]),
            ], within: 2e-5),
        // Packed heads, a cache that is filled to different lengths, a window and a mask of fewer keys than there are.
        OperatorCase(
            "Attention", opset: 25,
            [
                "q_num_heads": .int(2), "kv_num_heads": .int(1), "left_window_size": .int(1), "is_causal": .int(1),
            ],
            floats(
                [-1.5, 0.5, -0.75, -2, -0.75, -0.5, -1.25, -1.5, 0, 1, -0.25, -0.75, 0.5, 0.75, -0.25, 0.5], [2, 2, 4]),
            floats([1, -0.25, -0.75, 0.25, 0.25, 1, -1.25, -0.75, -0.75, -1.75, 0.25, 0.5], [2, 3, 2]),
            floats([-0.75, 1.5, 0.75, 0.75, 0.5, 1, -1.25, 0.5, 0.5, -1.75, 0.25, -0.25], [2, 3, 2]),
            floats([0.75, -0.5, 0.5, 0.25], [1, 1, 2, 2]), nil, nil, ints([3, 1]),
            gives: floats(
                [
                    0.27947, 0.98527, -0.35509, 1.30255, 0.75, 0.75, 0.75, 0.75, 0, 0, 0, 0, -1.25, 0.5, -1.25, 0.5,
                ], [2, 2, 4]), within: 2e-5),
        OperatorCase(
            "RotaryEmbedding", opset: 23,
            ["num_heads": .int(2), "interleaved": .int(1), "rotary_embedding_dim": .int(2)],
            floats([-1, 0.5, 0, 0.5, -0.5, 1, 0.5, -0.25, 0.75, 1.25, 1.75, -1.5], [1, 2, 6]),
            floats([1, 0.5, 0, -1], [4, 1]), floats([1.25, -1.25, 0.5, 1.25], [4, 1]), ints([3, 1], [1, 2]),
            gives: floats(
                [0.375, -1.75, 0, 0.125, 1.125, 1, -0.0625, -0.75, 0.75, 2.8125, -0.6875, -1.5], [1, 2, 6]),
            within: 1e-7),
        OperatorCase(
            "LinearAttention", opset: 27, ["q_num_heads": .int(2), "kv_num_heads": .int(1)],
            [
                floats([-1.5, -0.25, -1.25, 0.25, 1.5, 2, -1.75, -0.5], [1, 2, 4]),
                floats([0.75, 1.5, 0.5, -0.75], [1, 2, 2]), floats([0.25, 0], [1, 2, 1]),
                floats([-0.25, -0.75], [1, 1, 2, 1]), floats([-0.5, -0.25, 0, -0.25], [1, 2, 2]),
                floats([1.25, 0.5], [1, 2, 1]),
            ],
            gives: [
                floats([-1.37977, -0.58568, 2.85362, -1.82042], [1, 2, 2]),
                floats([1.13859, 1.16388], [1, 1, 2, 1]),
            ], within: 2e-5),
        OperatorCase(
            "CausalConvWithState", opset: 27, ["activation": .string(Array("silu".utf8))],
            [
                floats([1.25, -0.25, -1.5, 1.25], [1, 2, 2]), floats([0.5, 2, 0, -0.5, -1.5, 1.25], [2, 1, 3]),
                floats([2.5, -0.75]), floats([-0.75, 0.5, -0.75, -0.25], [1, 2, 2]),
            ],
            gives: [
                floats([2.99348, 5.22259, -0.24931, 3.06115], [1, 2, 2]),
                floats([1.25, -0.25, -1.5, 1.25], [1, 2, 2]),
            ], within: 2e-5),
        // Each step of a 16-bit softmax rounds, into the numbers below the normal ones too; from NumPy.
        OperatorCase(
            "Softmax", opset: 13, Tensor([0, -9.5, -12, -16, 3.25, 1, -0.5, 2, 7, -70] as [Float16], shape: [2, 5]),
            gives: Tensor(
                ([0x28c7, 0x2f, 0x4, 0x0, 0x3bb3, 0x1907, 0x107d, 0x1ed5, 0x3bec, 0x0] as [UInt16]).map {
                    Float16(bitPattern: $0)
                }, shape: [2, 5])),
        OperatorCase(
            "Softmax", opset: 13,
            Tensor(([0, -2.5, 1.5, 0.25, 3.25, 3.25, 3.25] as [Float]).map { BFloat16($0) }, shape: [1, 7]),
            gives: Tensor(
                ([0x3c43, 0x3a80, 0x3d5a, 0x3c7a, 0x3e9d, 0x3e9d, 0x3e9d] as [UInt16]).map { BFloat16(bitPattern: $0) },
                shape: [1, 7])),
        OperatorCase(
            "SwiGLU", opset: 28, ["alpha": .float(0)], floats([1, -2, 3]), floats([4, 5, 6]), gives: floats([2, -5, 9])),
    ]

    private static let nothing = floats([])
    private static let heads = floats([1, 2], [1, 1, 2, 1])

    static let badCases: [OperatorCase] = [
        OperatorCase("Attention", opset: 23, heads, heads, floats([1], [1, 1, 1, 1]), gives: nothing),
        OperatorCase("Attention", opset: 23, heads, heads, floats([1, 2], [1, 2, 1]), gives: nothing),
        OperatorCase(
            "Attention", opset: 23, floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), floats([1], [1, 1, 1]),
            gives: nothing),
        OperatorCase(
            "Attention", opset: 23, ["q_num_heads": .int(.max), "kv_num_heads": .int(1)],
            floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), gives: nothing),
        OperatorCase(
            "Attention", opset: 23, floats([1, 2], [1, 2, 1, 1]), floats([1, 2, 3], [1, 3, 1, 1]),
            floats([1, 2, 3], [1, 3, 1, 1]), gives: nothing),
        OperatorCase("Attention", opset: 23, heads, heads, heads, floats([1, 2, 3]), gives: nothing),
        OperatorCase("Attention", opset: 23, heads, heads, heads, nil, heads, nil, gives: nothing),
        OperatorCase("Attention", opset: 24, heads, heads, heads, nil, nil, nil, ints([3]), gives: nothing),
        OperatorCase("Attention", opset: 24, heads, heads, heads, nil, nil, nil, ints([.min]), gives: nothing),
        OperatorCase("Attention", opset: 25, ["left_window_size": .int(.min)], heads, heads, heads, gives: nothing),
        OperatorCase("Attention", opset: 23, ["softmax_precision": .int(7)], heads, heads, heads, gives: nothing),
        OperatorCase(
            "RotaryEmbedding", opset: 23, heads, floats([1], [1, 1]), floats([1], [1, 1]), ints([0, 0], [1, 2]),
            gives: nothing),
        OperatorCase(
            "RotaryEmbedding", opset: 23, floats([1, 2], [1, 1, 1, 2]), floats([1], [1, 1]),
            floats([1], [1, 1]), ints([.max], [1, 1]), gives: nothing),
        OperatorCase(
            "RotaryEmbedding", opset: 23, ["rotary_embedding_dim": .int(.min)], floats([1, 2], [1, 1, 1, 2]),
            floats([1], [1, 1]), floats([1], [1, 1]), ints([0], [1, 1]), gives: nothing),
        OperatorCase(
            "LinearAttention", opset: 27, ["q_num_heads": .int(0), "kv_num_heads": .int(0)],
            floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), gives: nothing),
        OperatorCase(
            "LinearAttention", opset: 27, ["q_num_heads": .int(1), "kv_num_heads": .int(1)],
            floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), gives: nothing),
        OperatorCase("CausalConvWithState", opset: 27, floats([1], [1, 1, 1]), floats([], [1, 1, 0]), gives: nothing),
        OperatorCase(
            "CausalConvWithState", opset: 27, floats([1], [1, 1, 1]), floats([1], [1, 1, 1]), floats([1, 2]),
            gives: nothing),
        OperatorCase("SwiGLU", opset: 28, floats([1, 2]), floats([1]), gives: nothing),
    ]

    /// Many more queries and keys than a block takes, against plain loops.
    @Test(arguments: [false, true]) func blocksJoin(_ isCausal: Bool) throws {
        let (rows, size) = (150, 16)
        let numbers: [[Float]] = (0..<3).map { seed in
            (0..<rows * size).map { index in Float((index * 37 + seed * 11) % 23) / 23 - 0.5 }
        }
        let tensors: [Tensor?] = numbers.map { floats($0, [1, 1, rows, size]) }
        let output = try evaluateNode(
            "Attention", opset: 23, ["is_causal": .int(isCausal ? 1 : 0), "scale": .float(1)], tensors)[0]
        var expected: [Float] = []
        for row in 0..<rows {
            expected += naive(numbers, row: row, keys: isCausal ? row + 1 : rows, size: size)
        }
        #expect(agrees(output, expected))
    }

    /// What query `row` reads of the first `keys` values.
    private func naive(_ numbers: [[Float]], row: Int, keys: Int, size: Int) -> [Float] {
        var totals = [Double](repeating: 0, count: size)
        var sum = 0.0
        for key in 0..<keys {
            var score: Float = 0
            for step in 0..<size { score += numbers[0][row * size + step] * numbers[1][key * size + step] }
            let weight = exp(Double(score))
            sum += weight
            for step in 0..<size { totals[step] += weight * Double(numbers[2][key * size + step]) }
        }
        return totals.map { Float($0 / sum) }
    }

    @Test func flexAttentionRunsItsSubgraphs() throws {
        func change(_ type: String, _ operand: String) -> Graph {
            Graph(
                inputs: [ValueInfo("x")], outputs: [ValueInfo("r")],
                nodes: [Node(type, inputs: ["x", operand], outputs: ["r"])])
        }
        let node = Node(
            "FlexAttention", domain: "ai.onnx.preview", inputs: ["q", "k", "v"], outputs: ["y"],
            attributes: ["score_mod": .graph(change("Add", "bias")), "prob_mod": .graph(change("Mul", "two"))])
        let graph = Graph(
            inputs: ["q", "k", "v", "bias", "two"].map { ValueInfo($0) }, outputs: [ValueInfo("y")], nodes: [node])
        let inputs = [
            "q": floats([1], [1, 1, 1, 1]), "k": floats([0, 0], [1, 1, 2, 1]), "v": floats([2, 6], [1, 1, 2, 1]),
            "bias": floats([log(3 as Float), 0]), "two": floats([2]),
        ]
        let interpreter = GraphInterpreter(opsets: ["": 26, "ai.onnx.preview": 1])
        let output = try interpreter.run(graph, inputs: inputs.mapValues(Value.tensor)).compactMap(\.tensor)
        // Probabilities 3/4 and 1/4, twice: 2 * (1.5 + 1.5).
        #expect(agrees(output[0], [6]))
    }
}
