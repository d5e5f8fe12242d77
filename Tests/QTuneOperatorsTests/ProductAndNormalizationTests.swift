import QTuneGraph
import QTuneTensor
import Testing

@Suite struct ProductAndNormalizationTests {
    @Test(arguments: [false, true]) func multipliesMatrices(prepacks: Bool) throws {
        let b = float32([1, 0, 2, 0, 1, 3], [2, 3])
        let result = try evaluateNode("MatMul", [:], [float32([1, 2, 3, 4], [2, 1, 2]), b], prepacks: prepacks)
        #expect(result[0].shape == [2, 1, 3])
        #expect(agrees(result[0], [1, 2, 8, 3, 4, 18]))
        let gemm = try evaluateNode(
            "Gemm", ["alpha": .float(0.5), "beta": .float(2), "transB": .int(1)],
            [float32([2, 4], [1, 2]), float32([1, 0, 0, 1, 1, 1], [3, 2]), float32([1, 2, 3], [3])], prepacks: prepacks)
        #expect(agrees(gemm[0], [3, 6, 9]))
    }

    @Test func multipliesIntegersAndVectors() throws {
        let integers = try evaluateNode("MatMul", [:], [Tensor([Int32.max, 2]), Tensor([Int32(2), 3])])
        #expect(integers[0].shape == .scalar)
        #expect(integers[0].array(of: Int32.self) == [4])
        let transposed = try evaluateNode(
            "Gemm", ["transA": .int(1)], [float32([1, 2], [2, 1]), float32([3, 4], [2, 1])])
        #expect(agrees(transposed[0], [11]))
    }

    @Test(arguments: [(11, [Float](repeating: 0.25, count: 4)), (13, [Float](repeating: 0.5, count: 4))])
    func softmaxFlattensUntil12(opset: Int, expected: [Float]) throws {
        let result = try evaluateNode("Softmax", opset: opset, [:], [float32([7, 7, 7, 7], [1, 2, 2])])
        #expect(agrees(result[0], expected))
    }

    @Test func softmaxStandsLargeValues() throws {
        let result = try evaluateNode("Softmax", [:], [float32([1000, 1000, -1000], [3])])
        #expect(agrees(result[0], [0.5, 0.5, 0]))
        let logs = try evaluateNode("LogSoftmax", [:], [float32([1000, 1000], [2])])
        #expect(agrees(logs[0], [-0.6931472, -0.6931472]))
        let hard = try evaluateNode("Hardmax", [:], [float32([1, 3, 3], [3])])
        #expect(agrees(hard[0], [0, 1, 0]))
    }

    @Test func normalizes() throws {
        let one = float32([1], [1])
        let batch = try evaluateNode(
            "BatchNormalization", ["epsilon": .float(0)],
            [float32([1, 5], [1, 1, 2]), float32([2], [1]), float32([10], [1]), float32([3], [1]), float32([4], [1])])
        #expect(agrees(batch[0], [8, 12]))
        let instance = try evaluateNode(
            "InstanceNormalization", ["epsilon": .float(0)], [float32([1, 3], [1, 1, 2]), one, float32([5], [1])])
        #expect(agrees(instance[0], [4, 6]))
        let layer = try evaluateNode(
            "LayerNormalization", ["epsilon": .float(0)], [float32([1, 3, 2, 6], [2, 2]), float32([1, 2], [2])],
            outputs: 3)
        #expect(agrees(layer[0], [-1, 2, -1, 2]))
        #expect(agrees(layer[1], [2, 4]))
        #expect(agrees(layer[2], [1, 0.5]))
        let root = try evaluateNode(
            "RMSNormalization", opset: 23, ["epsilon": .float(0)], [float32([3, 3], [2]), float32([1, 2], [2])])
        #expect(agrees(root[0], [1, 2]))
        let group = try evaluateNode(
            "GroupNormalization", ["epsilon": .float(0), "num_groups": .int(1)],
            [float32([1, 3], [1, 2, 1]), float32([1, 2], [2]), float32([0, 1], [2])])
        #expect(agrees(group[0], [-1, 3]))
    }

    static let bad: [(String, [String: Attribute], [Shape])] = [
        ("MatMul", [:], [[2, 3], [2, 3]]), ("MatMul", [:], [[], [2]]), ("MatMul", [:], [[2, 1, 2], [3, 2, 1]]),
        ("Gemm", [:], [[2, 3], [2, 3]]), ("Gemm", [:], [[2], [2]]), ("Gemm", [:], [[2, 3], [3, 2], [3, 2]]),
        ("Softmax", ["axis": .int(2)], [[2, 2]]), ("Softmax", ["axis": .int(.min + 1)], [[2, 2]]),
        ("LayerNormalization", ["axis": .int(5)], [[2], [2]]), ("LayerNormalization", [:], [[2], [3]]),
        ("GroupNormalization", ["num_groups": .int(0)], [[1, 2, 2], [2], [2]]),
        ("GroupNormalization", ["num_groups": .int(3)], [[1, 2, 2], [2], [2]]),
        ("BatchNormalization", [:], [[1, 2, 2], [2], [2], [2], [3]]),
        ("InstanceNormalization", [:], [[1, 2, 2], [2], [1]]),
        ("LRN", ["size": .int(0)], [[1, 2, 2]]), ("LpNormalization", ["p": .int(3)], [[2]]),
        ("MeanVarianceNormalization", ["axes": .ints([7])], [[1, 2, 2]]),
    ]

    @Test(arguments: bad) func refuses(type: String, attributes: [String: Attribute], shapes: [Shape]) {
        let operands = shapes.map { Tensor(zeros: .float32, shape: $0) }
        #expect(throws: QTuneError.self) { try evaluateNode(type, attributes, operands) }
    }
}
