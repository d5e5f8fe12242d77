import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// Operators of transformers outside the standard. Expected values are those of ONNX Runtime 1.31.
@Suite struct TransformerTests {
    private func int32s(_ elements: [Int32], _ shape: Shape) -> Tensor { Tensor(elements, shape: shape) }

    private func evaluate(
        _ type: String, _ attributes: [String: Attribute], _ operands: [Tensor?], outputs: Int = 1,
        prepacks: Bool = false
    ) throws -> [Tensor] {
        try evaluateNode(
            type, domain: "com.microsoft", opset: 1, attributes, operands, outputs: outputs, prepacks: prepacks)
    }

    @Test(arguments: [false, true]) func attentionTakesAMaskAndACache(_ prepacks: Bool) throws {
        let results = try evaluate(
            "Attention", ["num_heads": .int(2), "unidirectional": .int(1)],
            [
                floats([-0.25, 0.25, 1, 0, 1, -0.5], [1, 2, 3]),
                floats(
                    [
                        0.25, -2.25, -1.5, 0.75, -0.5, 0.5, 0.5, 1.25, 0.75, 1, 0, -0.75, -0.75, -0.5, -1.25, -0.5, 0,
                        0.25, -0.25, -2, 0, 0.25, 1, 0.5, -0.75, -0.75, 2, 0.75, 1.75, 2.25, -0.75, 0.5, 0.5, 0.5, 0.5,
                        0.25,
                    ], [3, 12]),
                floats([0.25, -1.5, -0.25, -0.75, 0.25, -0.5, 0.5, 0.75, 0.25, 0.25, 0, -0.5]),
                int32s([1, 1, 0], [1, 3]), floats([-0.25, -0.5, 0.5, 0, 0.5, -1.25, 1, -0.75], [2, 1, 2, 1, 2]),
            ], outputs: 2, prepacks: prepacks)
        #expect(
            agrees(
                results[0], [0.50106, -1.21936, 0.94638, -0.57575, 0.50385, -1.13834, 0.80991, -0.13222],
                tolerance: 2e-5))
        #expect(
            results[1]
                == floats(
                    [
                        -0.25, -0.5, 2.125, 1.6875, -0.625, -1.375, 0.5, 0, -0.4375, 0.4375, 0.625, -1.5, 0.5, -1.25,
                        0.5625, 0.5625, 0, 0.25, 1, -0.75, 0.75, 0.0625, 0.75, -0.125,
                    ], [2, 1, 2, 3, 2]))
    }

    @Test func attentionTakesEndsAndStarts() throws {
        let results = try evaluate(
            "Attention", ["num_heads": .int(1), "scale": .float(0.5), "mask_filter_value": .float(-3)],
            [
                floats([-0.75, -0.25, -0.5, 0.25, -0.5, -1], [1, 3, 2]),
                floats([-0.75, 1.25, 0, -1.25, 0, -1.5, 1.75, -1.5, 0.5, 0.5, -1.5, 0.25], [2, 6]),
                floats([1, 0.5, 0.25, 1, 0.25, 0.25]), int32s([2, 1], [2]), nil,
                floats([-0.25, 0.75, -1, 0.75, -0.5, -1, 0.25, 1.75, 1], [1, 1, 3, 3]),
            ])
        #expect(
            agrees(results[0], [-0.10196, 1.06449, -0.00405, 1.08657, -0.0848, 1.06023], tolerance: 2e-5))
    }

    @Test func manyHeadsTakeBiasesMasksAndACache() throws {
        let results = try evaluate(
            "MultiHeadAttention", ["num_heads": .int(2), "unidirectional": .int(1)],
            [
                floats([0.75, 1, -0.75, -1.5, -2, -0.25, 0.5, 1], [1, 2, 4]),
                floats([0.5, -1, 1, -1.75, -0.5, -2, -2, 2], [1, 2, 4]),
                floats([0, -2, 0.75, -1.25, 1.75, 1, -1.75, -1.5], [1, 2, 4]),
                floats([-2, -1.75, 1, 1, 1.5, 2, -0.25, 2, 1.25, 0.75, 1.25, 0.25]), int32s([1, 0, 1], [1, 3]),
                floats([-1.75, 0.5, 0.25, 1, 1.75, -1], [1, 1, 2, 3]), floats([0, 0.75, 0.25, 0.5], [1, 2, 1, 2]),
                floats([-0.25, -1.75, -1, 1.25], [1, 2, 1, 2]),
            ], outputs: 3)
        #expect(
            agrees(
                results[0], [-0.25, -1.75, -1, 1.25, -0.17661, -1.67096, -0.71301, -0.18494], tolerance: 2e-5))
        #expect(results[1] == floats([0, 0.75, 2, 1, 1, 0, 0.25, 0.5, 0.75, 0.25, -2.25, 4], [1, 2, 3, 2]))
        #expect(
            results[2] == floats([-0.25, -1.75, 1.25, -1.25, 3, 1.75, -1, 1.25, 2, -1, -0.5, -1.25], [1, 2, 3, 2]))
    }

    /// Packed operands are the same as the parts they are packed of, and so are those that come by heads.
    @Test func formsOfManyHeadsAgree() throws {
        let numbers = (0..<24).map { Float(($0 * 7) % 11) / 4 - 1 }
        /// Part `part` of [1, 2 tokens, 2 heads, 3 parts, 2 elements], as [1, 2, 4] or as [1, 2 heads, 2 tokens, 2].
        func part(_ part: Int, byHeads: Bool = false) -> Tensor {
            let elements = (0..<2).flatMap { first in
                (0..<2).flatMap { second in
                    let (token, head) = byHeads ? (second, first) : (first, second)
                    return (0..<2).map { numbers[((token * 2 + head) * 3 + part) * 2 + $0] }
                }
            }
            return floats(elements, byHeads ? [1, 2, 2, 2] : [1, 2, 4])
        }
        let keysAndValues = (0..<4).flatMap { numbers[$0 * 6 + 2..<$0 * 6 + 6] }
        let forms: [[Tensor?]] = [
            [floats(numbers, [1, 2, 2, 3, 2])], [part(0), floats(keysAndValues, [1, 2, 2, 2, 2])],
            [part(0), part(1, byHeads: true), part(2, byHeads: true)],
        ]
        let expected = try evaluate("MultiHeadAttention", ["num_heads": .int(2)], [part(0), part(1), part(2)])[0]
        for form in forms {
            let result = try evaluate("MultiHeadAttention", ["num_heads": .int(2)], form)[0]
            #expect(agrees(result, expected.array(of: Float.self)))
        }
    }

    @Test func embeddingsGiveOnlyWhatIsAskedFor() throws {
        let vector = floats([1])
        let operands: [Tensor?] = [
            int32s([0], [1, 1]), nil, floats([1], [1, 1]), floats([1], [1, 1]), nil, vector, vector,
        ]
        for count in 1...3 {
            let results = try evaluate("EmbedLayerNormalization", [:], operands, outputs: count)
            #expect(results.count == count)
        }
    }

    @Test func skipNormalizationsGiveTheSum() throws {
        let centered = try evaluate(
            "SkipLayerNormalization", ["epsilon": .float(1e-5)],
            [
                floats([-0.5, 0.75, -0.5, 0, 0, -2.25], [2, 1, 3]), floats([0.25, -1, -0.75], [1, 3]),
                floats([-1.5, -1.5, -1]), floats([0.75, 1.75, 0]), floats([1, -0.25, -2]),
            ], outputs: 4)
        #expect(
            agrees(centered[0], [-0.82107, 1.30112, 1.34664, -0.95332, 1.50667, 1.29777], tolerance: 2e-5))
        #expect(centered[3] == floats([0.75, -0.5, -3.25, 1.25, -1.25, -5], [2, 1, 3]))
        let simple = try evaluate(
            "SkipSimplifiedLayerNormalization", ["epsilon": .float(1e-5)],
            [
                floats([0.25, 0.5, -0.5, 0.25, 0.5, -0.75], [1, 2, 3]),
                floats([-1.5, -0.25, -0.25, -0.25, 1, 1.75], [1, 2, 3]), floats([-0.5, 0.75, 1]),
                floats([0.75, 1, -0.5]),
            ], outputs: 4)
        #expect(agrees(simple[0], [0.2357, 0.88388, -1.17851, -0.24441, 1.22203, 0.32587], tolerance: 2e-5))
        #expect(simple[3] == floats([-0.5, 1.25, -1.25, 0.75, 2.5, 0.5], [1, 2, 3]))
    }

    @Test func embeddingsAddUp() throws {
        let results = try evaluate(
            "EmbedLayerNormalization", [:],
            [
                int32s([1, 0, 2, 2], [2, 2]), int32s([0, 1, 1, 0], [2, 2]),
                floats([0.75, 2, 0.75, -0.5, 0.5, 1.25, 0.25, -0.5, 1.5], [3, 3]),
                floats([-1.25, 0.5, 0, -1.25, 1.25, 0.25], [2, 3]),
                floats([-1.25, 0.5, -0.5, -2, -0.75, 0.25], [2, 3]),
                floats([0.75, 0.25, 0]), floats([0.5, -0.25, 1.25]), int32s([1, 1, 1, 0], [2, 2]),
            ], outputs: 3)
        #expect(
            agrees(
                results[0],
                [
                    -0.54775, -0.02775, 1.25, -0.52961, -0.00485, 1.25, -0.40203, -0.26074, 1.25, -0.56066, -0.07322,
                    1.25,
                ], tolerance: 2e-5))
        #expect(results[1] == int32s([2, 1], [2]))
        #expect(
            results[2] == floats([-3, 1.5, 0.75, -2.5, 2.5, 1.25, -3, -0.75, 1.75, -2.25, 1.25, 1.25], [2, 2, 3]))
    }

    @Test func rotationTakesTheFirstPosition() throws {
        let results = try evaluate(
            "RotaryEmbedding", [:],
            [
                floats([0.25, 0.25, 0.5, -1, -0.75, 1.5, 0.25, -0.25], [1, 2, 4]), ints([1]),
                floats([0.25, -0.5, 0.25, -0.75, 0.25, -1.5], [3, 2]),
                floats([1.25, -0.5, -1.5, -0.25, -0.25, 0.25], [3, 2]),
            ])
        #expect(results[0] == floats([0.8125, -0.4375, -0.25, 0.6875, -0.125, -2.1875, 0.25, 0.75], [1, 2, 4]))
    }

    @Test func badOperandsAreErrors() {
        let (one, vector) = (floats([1], [1, 1, 1]), floats([1]))
        func fails(_ type: String, _ attributes: [String: Attribute], _ operands: [Tensor?]) {
            #expect(throws: QTuneError.self) { try evaluate(type, attributes, operands) }
        }
        fails("Attention", ["num_heads": .int(0)], [one, floats([1, 1, 1], [1, 3])])
        fails("Attention", ["num_heads": .int(2)], [one, floats([1, 1, 1], [1, 3])])
        fails("Attention", ["num_heads": .int(1)], [one, floats([1, 1], [1, 2])])
        fails(
            "Attention", ["num_heads": .int(1), "qkv_hidden_sizes": .ints([.max, .max, 5])],
            [one, floats([1, 1, 1], [1, 3])])
        fails("Attention", ["num_heads": .int(1)], [one, floats([1, 1, 1], [1, 3]), nil, int32s([1, 1, 1], [3])])
        fails("MultiHeadAttention", ["num_heads": .int(0)], [one, one, one])
        fails("MultiHeadAttention", ["num_heads": .int(2)], [one, one, one])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one, nil, one])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one, one, one, floats([1, 1])])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one, one, one, nil, int32s([1, 1, 1], [3])])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one, one, one, nil, nil, floats([1, 1], [1, 1, 1, 2])])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [one, one, one, nil, nil, nil, one, one])
        fails("MultiHeadAttention", ["num_heads": .int(1)], [floats([], [0, 1, 1, 3, 1 << 62])])
        fails("SkipLayerNormalization", [:], [one, floats([1, 2], [1, 1, 2]), vector])
        fails("SkipLayerNormalization", [:], [floats([1], .scalar), floats([1], .scalar), vector])
        fails(
            "EmbedLayerNormalization", [:],
            [int32s([5], [1, 1]), nil, floats([1], [1, 1]), floats([1], [1, 1]), nil, vector, vector])
        fails("RotaryEmbedding", [:], [one, ints([.max]), floats([1], [1, 1]), floats([1], [1, 1])])
        fails("RotaryEmbedding", ["num_heads": .int(.min)], [one, ints([0]), floats([], [1, 0]), floats([], [1, 0])])
    }
}
