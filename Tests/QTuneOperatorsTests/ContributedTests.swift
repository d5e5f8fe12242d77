import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// Operators of the domain `com.microsoft`. Expected values are ONNX Runtime's.
@Suite struct ContributedTests {
    private func evaluate(
        _ opType: String, _ attributes: [String: Attribute], _ operands: [Tensor?], prepacks: Bool = false
    ) throws -> Tensor {
        try evaluateNode(
            opType, domain: "com.microsoft", opset: 1, attributes, operands, prepacks: prepacks)[0]
    }

    private func bytes(_ values: [UInt8], _ shape: Shape = .scalar) -> Tensor { Tensor(values, shape: shape) }

    @Test(arguments: [false, true]) func convolutionsAddAndActivate(prepacks: Bool) throws {
        let result = try evaluateNode(
            "FusedConv", domain: "com.microsoft", opset: 1,
            ["activation": .string("LeakyRelu"), "activation_params": .floats([0.25])],
            [
                float32([1, 2, 3, 4], [1, 1, 2, 2]), float32([1, -2], [2, 1, 1, 1]), float32([0.5, 1], [2]),
                float32([1, 1, 1, 1, -1, -1, 10, 10], [1, 2, 2, 2]),
            ], prepacks: prepacks)
        #expect(agrees(result[0], [2.5, 3.5, 4.5, 5.5, -0.5, -1, 5, 3]))
    }

    @Test(arguments: [false, true]) func productsTransposeAndActivate(prepacks: Bool) throws {
        let gemm = try evaluate(
            "FusedGemm",
            [
                "activation": .string("LeakyRelu"), "activation_alpha": .float(0.5), "transB": .int(1),
                "alpha": .float(2),
            ], [float32([1, 2], [1, 2]), float32([1, 1, -1, -1], [2, 2]), float32([0, 1], [2])], prepacks: prepacks)
        #expect(agrees(gemm, [6, -2.5]))
        let product = try evaluate(
            "FusedMatMul", ["transA": .int(1), "transB": .int(1), "alpha": .float(0.5)],
            [float32([1, 2, 3, 4, 5, 6], [2, 3]), float32([1, -1, 2, 0], [2, 2])], prepacks: prepacks)
        #expect(agrees(product, [-1.5, 1, -1.5, 2, -1.5, 3]))
        let cube = float32((0..<8).map { Float($0) }, [2, 2, 2])
        #expect(
            agrees(
                try evaluate("FusedMatMul", ["transBatchA": .int(1)], [cube, cube]),
                [
                    2, 3, 10, 19, 26, 31, 66, 79,
                ]))
        #expect(throws: QTuneError.self) {
            try evaluate("FusedGemm", ["activation": .string("Sinh")], [product, product])
        }
    }

    @Test func gelusOfEveryKind() throws {
        let x = float32([-2, -0.5, 0, 1], [2, 2])
        let bias = float32([0.5, 0], [2])
        #expect(agrees(try evaluate("FastGelu", [:], [x, bias]), [-0.10042843, -0.154286, 0.345714, 0.841192]))
        #expect(agrees(try evaluate("BiasGelu", [:], [x, bias]), [-0.10021082, -0.15426877, 0.34573123, 0.8413447]))
        #expect(agrees(try evaluate("QuickGelu", [:], [x]), [-0.06434137, -0.14961158, 0, 0.84579575]))
        #expect(agrees(try evaluate("Gelu", [:], [x]), [-0.04550026, -0.15426877, 0, 0.8413447]))
    }

    @Test(arguments: [false, true]) func blocksOfFewBits(prepacks: Bool) throws {
        let a = float32((0..<16).map { Float($0) }, [1, 16])
        let nibbles = bytes(
            [0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 0xfe, 0x88, 0x88, 0x88, 0x98, 0x88, 0x88, 0x88, 0x78], [2, 1, 8])
        let sizes: [String: Attribute] = ["K": .int(16), "N": .int(2), "block_size": .int(16)]
        let four = try evaluate(
            "MatMulNBits", sizes, [a, nibbles, float32([0.5, 2], [2]), bytes([3, 8], [2])], prepacks: prepacks)
        #expect(agrees(four, [440, -16], tolerance: 1e-3))
        let eight = try evaluate(
            "MatMulNBits", ["K": .int(16), "N": .int(1), "block_size": .int(16), "bits": .int(8)],
            [a, bytes(Array(120..<136), [1, 1, 16]), float32([0.5], [1]), nil, nil, float32([1], [1])],
            prepacks: prepacks)
        #expect(agrees(eight, [141], tolerance: 1e-3))
        for wrong: [String: Attribute] in [
            ["N": .int(3)], ["block_size": .int(0)], ["bits": .int(3)], ["K": .int(.max)],
            ["weight_prepacked": .int(1)],
        ] {
            #expect(throws: QTuneError.self) {
                try evaluate("MatMulNBits", sizes.merging(wrong) { $1 }, [a, nibbles, float32([0.5, 2], [2])])
            }
        }
        #expect(throws: QTuneError.self) {
            try evaluate("MatMulNBits", sizes, [a, nibbles, float32([0.5, 2], [2]), nil, Tensor([Int32(0)])])
        }
    }

    @Test func quantizedFunctions() throws {
        func scale(_ value: Float) -> Tensor { Tensor(scalar: value) }
        let softmax = try evaluate(
            "QLinearSoftmax", ["opset": .int(13)],
            [bytes([10, 20, 30, 40], [2, 2]), scale(0.1), bytes([5]), scale(1 / 256), bytes([0])])
        #expect(softmax.integers == [69, 187, 69, 187])
        let chosen = try evaluate(
            "QLinearWhere", [:],
            [
                truths([true, false], [2, 1]), bytes([10, 20], [1, 2]), scale(0.5), bytes([0]), bytes([100], [1]),
                scale(0.25), bytes([92]), scale(0.1), bytes([7]),
            ])
        #expect(chosen.integers == [57, 107, 27, 27])
        let mean = try evaluate(
            "QLinearReduceMean", ["axes": .ints([1]), "keepdims": .int(0)],
            [bytes([10, 20, 30, 41], [2, 2]), scale(0.5), bytes([10]), scale(0.25), bytes([100])])
        #expect(mean.integers == [110, 151])
        let pooled = try evaluate(
            "QLinearAveragePool", ["kernel_shape": .ints([2, 2]), "channels_last": .int(1)],
            [bytes([1, 10, 2, 20, 3, 30, 4, 40], [1, 2, 2, 2]), scale(0.5), bytes([2]), scale(0.25), bytes([3])])
        #expect(pooled.integers == [4, 49])
        let joined = try evaluate(
            "QLinearConcat", ["axis": .int(0)],
            [
                scale(0.5), bytes([1]), bytes([3, 4], [2]), scale(1), bytes([2]), bytes([9], [1]), scale(0.25),
                bytes([1]),
            ])
        #expect(joined.integers == [3, 5, 5])
    }

    @Test func quantizedProducts() throws {
        func scale(_ value: Float) -> Tensor { Tensor(scalar: value) }
        let gemm = try evaluate(
            "QGemm", ["transB": .int(1)],
            [
                bytes([10, 20], [1, 2]), scale(0.5), bytes([10]), bytes([1, 2, 3, 4], [2, 2]), scale(0.25), bytes([2]),
                Tensor([Int32(4), -4]), scale(0.5), bytes([100]),
            ])
        #expect(gemm.integers == [101, 104])
        let product = try evaluate(
            "DynamicQuantizeMatMul", [:],
            [
                float32([-1, 0, 4.1], [1, 3]), bytes([1, 2, 3, 4, 5, 6], [3, 2]), float32([0.5, 0.25], [2]),
                bytes([1, 2], [2]), float32([1, 0], [2]),
            ])
        #expect(agrees(product, [9.2, 4.1]))
    }

    @Test func channelsMayBeLast() throws {
        let attributes: [String: Attribute] = ["channels_last": .int(1)]
        // One pixel of two channels, two pixels wide; the weights take the second channel from the first.
        let result = try evaluate(
            "QLinearConv", attributes,
            [
                bytes([5, 9, 7, 1], [1, 1, 2, 2]), Tensor(scalar: Float(1)), bytes([0]),
                Tensor([Int8(1), -1], shape: [1, 2, 1, 1]), Tensor(scalar: Float(1)), Tensor(scalar: Int8(0)),
                Tensor(scalar: Float(1)), bytes([10]),
            ])
        #expect(result.shape == [1, 1, 2, 1] && result.integers == [6, 16])
    }

    @Test func shapesAndSets() throws {
        #expect(try evaluate("ExpandDims", [:], [float32([1, 2], [2]), Tensor(scalar: Int32(-1))]).shape == [2, 1])
        #expect(
            try evaluate("Range", [:], [Tensor(scalar: Int32(2)), Tensor(scalar: Int32(5))]).integers == [2, 3, 4])
        let unique = try evaluateNode(
            "Unique", domain: "com.microsoft", opset: 1, [:], [float32([3, 1, 3, 2, 1], [5])], outputs: 3)
        #expect(agrees(unique[0], [3, 1, 2]) && unique[1].integers == [0, 1, 0, 2, 1])
        #expect(unique[2].integers == [2, 2, 1])
    }
}
