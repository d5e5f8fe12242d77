import QTuneGraph
import QTuneTensor
import Testing

/// Boxes and regions; numbers from ONNX Runtime where no other source is named.
@Suite struct RegionTests {
    @Test(arguments: Self.cases) func gives(_ testCase: OperatorCase) throws { try testCase.check() }

    /// The squares of 0 to 15.
    private static let squares = floats((0..<16).map { Float($0 * $0) }, [1, 1, 4, 4])
    private static let regions = floats([0, 0, 3, 3, 1.5, -2, 6, 2.5], [2, 4])

    private static func align(_ mode: String, _ coordinates: String, _ expected: [Float]) -> OperatorCase {
        OperatorCase(
            "RoiAlign",
            [
                "mode": .string(mode), "coordinate_transformation_mode": .string(coordinates), "output_height": .int(2),
                "output_width": .int(2),
            ], squares, regions, ints([0, 0]), gives: floats(expected, [2, 1, 2, 2]), within: 1e-4)
    }

    /// Two boxes that overlap by a third, one elsewhere, and one without extent.
    private static let boxes = floats([0, 0, 1, 1, 0, 0.5, 1, 1.5, 3, 3, 4, 4, 5, 5, 5, 5], [1, 4, 4])
    private static let scores = floats([0.5, 0.9, 0.7, 0.1], [1, 1, 4])

    private static func suppress(_ most: Int64, _ overlap: Float, _ score: Float?, keeps: [Int64]) -> OperatorCase {
        OperatorCase(
            "NonMaxSuppression", [:],
            [boxes, scores, ints([most]), floats([overlap])] + (score.map { [floats([$0])] } ?? []),
            gives: [ints(keeps.flatMap { [0, 0, $0] }, [keeps.count, 3])])
    }

    static let cases: [OperatorCase] = [
        align("avg", "half_pixel", [6.09375, 12.75, 58.6875, 81.875, 1.68056, 1, 40.583328, 16.88889]),
        align("avg", "output_half_pixel", [19.375, 32.875, 100.375, 131.875, 4.38889, 0, 73.416656, 0]),
        align("max", "half_pixel", [10, 19.6875, 56, 76.5625, 7.875, 9, 66.171883, 75.625]),
        align("max", "output_half_pixel", [19.140619, 27.5625, 92.421883, 107.1875, 9, 0, 105.875, 0]),
        OperatorCase(
            "RoiAlign", squares, floats([], [0, 4]), ints([]), gives: floats([], [0, 1, 1, 1])),
        // A region that ends before it starts has no points.
        OperatorCase(
            "RoiAlign", squares, floats([3, 3, 1, 1], [1, 4]), ints([0]), gives: floats([0], [1, 1, 1, 1])),
        OperatorCase(
            "MaxRoiPool", ["pooled_shape": .ints([2, 2])], squares, floats([0, 0, 0, 2, 3, 0, 1, 1, 9, 2], [2, 5]),
            gives: floats([25, 36, 169, 196, 49, 0, 121, 0], [2, 1, 2, 2])),
        suppress(9, 0.3, nil, keeps: [1, 2, 3]),
        suppress(9, 0.34, nil, keeps: [1, 2, 0, 3]),
        suppress(9, 0.34, 0.5, keeps: [1, 2]),
        suppress(1, 0.5, nil, keeps: [1]),
        suppress(-4, 0.5, nil, keeps: []),
        // Centre and size; and corners the other way round.
        OperatorCase(
            "NonMaxSuppression", ["center_point_box": .int(1)], floats([1, 1, 2, 2, 1, 1.5, 2, 2], [1, 2, 4]),
            floats([1, 2], [1, 1, 2]), ints([5], .scalar), floats([0.5], .scalar), gives: ints([0, 0, 1], [1, 3])),
        OperatorCase(
            "NonMaxSuppression", floats([1, 1, 0, 0, 0, 0, 1, 1], [1, 2, 4]), floats([1, 1], [1, 1, 2]), ints([5]),
            floats([0.5]), gives: ints([0, 0, 0], [1, 3])),
        OperatorCase("NonMaxSuppression", boxes, scores, gives: ints([], [0, 3])),
    ]

    @Test(arguments: Self.unsound) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    static let unsound: [OperatorCase] =
        [.nan, .infinity, 1e30, -.infinity].map { (corner: Float) in
            OperatorCase("RoiAlign", squares, floats([0, 0, corner, 1], [1, 4]), ints([0]), gives: floats([]))
        } + [
            OperatorCase("RoiAlign", squares, regions, ints([0, 1]), gives: floats([])),
            OperatorCase("RoiAlign", squares, regions, ints([0, .min]), gives: floats([])),
            OperatorCase("RoiAlign", squares, regions, ints([0]), gives: floats([])),
            OperatorCase("RoiAlign", ["output_height": .int(.max)], squares, regions, ints([0, 0]), gives: floats([])),
            OperatorCase(
                "RoiAlign", ["sampling_ratio": .int(.max)], squares, regions, ints([0, 0]), gives: floats([])),
            OperatorCase("RoiAlign", ["mode": .string("sum")], squares, regions, ints([0, 0]), gives: floats([])),
            OperatorCase("MaxRoiPool", squares, floats([0, 0, 0, 1, 1], [1, 5]), gives: floats([])),
            OperatorCase(
                "MaxRoiPool", ["pooled_shape": .ints([1, 0])], squares, floats([], [0, 5]), gives: floats([])),
            OperatorCase(
                "MaxRoiPool", ["pooled_shape": .ints([1, 1])], squares, floats([7, 0, 0, 1, 1], [1, 5]),
                gives: floats([])),
            OperatorCase(
                "MaxRoiPool", ["pooled_shape": .ints([1, 1])], squares, floats([0, -.infinity, 0, 1, 1], [1, 5]),
                gives: floats([])),
            OperatorCase("NonMaxSuppression", boxes, floats([1], [1, 1, 1]), ints([1]), gives: floats([])),
            OperatorCase("NonMaxSuppression", ["center_point_box": .int(2)], boxes, scores, gives: floats([])),
        ]
}
