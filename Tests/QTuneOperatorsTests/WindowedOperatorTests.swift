import QTuneGraph
import QTuneTensor
import Testing

@Suite struct WindowedOperatorTests {
    struct PoolCase: Sendable, CustomTestStringConvertible {
        let type: String
        let attributes: [String: Attribute]
        let expected: [Float]
        var testDescription: String { "\(type) \(attributes.keys.sorted()) gives \(expected)" }
    }

    /// Pools of [1, 2, 3, 4, 5], worked out by hand.
    static let pools = [
        PoolCase(type: "MaxPool", attributes: ["kernel_shape": .ints([2]), "strides": .ints([2])], expected: [2, 4]),
        PoolCase(
            type: "MaxPool", attributes: ["kernel_shape": .ints([2]), "strides": .ints([2]), "ceil_mode": .int(1)],
            expected: [2, 4, 5]),
        PoolCase(
            type: "MaxPool",
            attributes: ["kernel_shape": .ints([2]), "strides": .ints([2]), "auto_pad": .string("SAME_UPPER")],
            expected: [2, 4, 5]),
        PoolCase(
            type: "MaxPool",
            attributes: ["kernel_shape": .ints([2]), "strides": .ints([2]), "auto_pad": .string("SAME_LOWER")],
            expected: [1, 3, 5]),
        PoolCase(
            type: "MaxPool", attributes: ["kernel_shape": .ints([2]), "dilations": .ints([2])], expected: [3, 4, 5]),
        PoolCase(
            type: "AveragePool",
            attributes: ["kernel_shape": .ints([3]), "strides": .ints([2]), "pads": .ints([1, 1])],
            expected: [1.5, 3, 4.5]),
        PoolCase(
            type: "AveragePool",
            attributes: [
                "kernel_shape": .ints([3]), "strides": .ints([2]), "pads": .ints([1, 1]), "count_include_pad": .int(1),
            ], expected: [1, 3, 3]),
        PoolCase(
            type: "AveragePool",
            attributes: [
                "kernel_shape": .ints([2]), "strides": .ints([2]), "ceil_mode": .int(1), "count_include_pad": .int(1),
            ], expected: [1.5, 3.5, 5]),
        PoolCase(
            type: "LpPool", attributes: ["kernel_shape": .ints([2]), "p": .int(1), "strides": .ints([3])],
            expected: [3, 9]),
    ]

    @Test(arguments: pools) func poolsARow(_ pool: PoolCase) throws {
        let result = try evaluateNode(pool.type, pool.attributes, [float32([1, 2, 3, 4, 5], [1, 1, 5])])
        #expect(agrees(result[0], pool.expected))
        #expect(result[0].shape == [1, 1, pool.expected.count])
    }

    @Test(arguments: [(Int64(0), [Int64(4), 5, 7, 8]), (Int64(1), [Int64(4), 7, 5, 8])])
    func countsIndices(order: Int64, expected: [Int64]) throws {
        let result = try evaluateNode(
            "MaxPool", ["kernel_shape": .ints([2, 2]), "storage_order": .int(order)],
            [float32([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3])], outputs: 2)
        #expect(result[1].array(of: Int64.self) == expected)
    }

    /// Packed kernels and plain loops alike.
    @Test(arguments: [false, true]) func convolvesARow(prepacks: Bool) throws {
        let result = try evaluateNode(
            "Conv", ["pads": .ints([1, 1])],
            [float32([1, 2, 3, 4], [1, 1, 4]), float32([1, 0, -1], [1, 1, 3]), float32([0.5], [1])],
            prepacks: prepacks)
        #expect(agrees(result[0], [-1.5, -1.5, -1.5, 3.5]))
    }

    @Test func convolvesInDoublePrecision() throws {
        let result = try evaluateNode(
            "Conv", ["strides": .ints([2])],
            [Tensor([1.0, 2, 3, 4], shape: [1, 1, 4]), Tensor([1.0, 10], shape: [1, 1, 2])])
        #expect(result[0].array(of: Double.self) == [21, 43])
    }

    @Test func convolvesGroupsAndVolumes() throws {
        let grouped = try evaluateNode(
            "Conv", ["group": .int(2)], [float32([1, 2, 3, 4], [1, 2, 1, 2]), float32([10, 100], [2, 1, 1, 1])])
        #expect(agrees(grouped[0], [10, 20, 300, 400]))
        let volume = try evaluateNode(
            "Conv", [:],
            [
                float32([0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 2]),
                float32([Float](repeating: 1, count: 8), [1, 1, 2, 2, 2]),
            ])
        #expect(agrees(volume[0], [28]))
    }

    @Test(arguments: [(Int64(0), [Float(1), 10, 102, 20, 200]), (Int64(1), [Float(1), 10, 102, 20, 200, 0])])
    func scattersTransposed(outputPadding: Int64, expected: [Float]) throws {
        let result = try evaluateNode(
            "ConvTranspose", ["strides": .ints([2]), "output_padding": .ints([outputPadding])],
            [float32([1, 2], [1, 1, 2]), float32([1, 10, 100], [1, 1, 3])])
        #expect(agrees(result[0], expected))
    }

    static let badAttributes: [(String, [String: Attribute])] = [
        ("MaxPool", [:]),
        ("MaxPool", ["kernel_shape": .ints([0])]),
        ("MaxPool", ["kernel_shape": .ints([2]), "strides": .ints([0])]),
        ("MaxPool", ["kernel_shape": .ints([2]), "strides": .ints([-1])]),
        ("MaxPool", ["kernel_shape": .ints([2, 2])]),
        ("MaxPool", ["kernel_shape": .ints([.max])]),
        ("MaxPool", ["kernel_shape": .ints([6])]),
        ("MaxPool", ["kernel_shape": .ints([2]), "dilations": .ints([.max])]),
        ("AveragePool", ["kernel_shape": .ints([2]), "pads": .ints([-1, 0])]),
        ("AveragePool", ["kernel_shape": .ints([2]), "pads": .ints([.max, .max])]),
        ("AveragePool", ["kernel_shape": .ints([2]), "pads": .ints([1])]),
        ("AveragePool", ["kernel_shape": .ints([2]), "auto_pad": .string("SOME")]),
        ("LpPool", ["kernel_shape": .ints([2]), "p": .int(0)]),
        ("GlobalLpPool", ["p": .int(-1)]),
    ]

    @Test(arguments: badAttributes) func refuses(type: String, attributes: [String: Attribute]) {
        #expect(throws: QTuneError.self) { try evaluateNode(type, attributes, [float32([1, 2, 3, 4, 5], [1, 1, 5])]) }
    }

    static let badWeights: [(String, [String: Attribute], Shape)] = [
        ("Conv", [:], [1, 2, 2]), ("Conv", ["group": .int(2)], [1, 1, 2]), ("Conv", ["group": .int(0)], [1, 1, 2]),
        ("Conv", ["group": .int(.max)], [1, 1, 2]), ("Conv", [:], [1, 1, 9]), ("Conv", [:], [1, 1, 0]),
        ("Conv", ["kernel_shape": .ints([3])], [1, 1, 2]), ("Conv", [:], [2, 1]),
        ("ConvTranspose", ["group": .int(0)], [1, 1, 2]), ("ConvTranspose", ["pads": .ints([9, 9])], [1, 1, 2]),
        ("ConvTranspose", ["output_shape": .ints([-3])], [1, 1, 2]), ("ConvTranspose", [:], [2, 1, 2]),
    ]

    @Test(arguments: badWeights) func refusesWeights(type: String, attributes: [String: Attribute], shape: Shape) {
        let weights = Tensor(zeros: .float32, shape: shape)
        #expect(throws: QTuneError.self) {
            try evaluateNode(type, attributes, [float32([1, 2, 3, 4, 5], [1, 1, 5]), weights])
        }
    }
}
