import QTuneGraph
import QTuneTensor
import Testing

/// Sampling at computed places; numbers from ONNX Runtime where no other source is named.
@Suite struct SamplingTests {
    @Test(arguments: Self.cases) func gives(_ testCase: OperatorCase) throws { try testCase.check() }

    private static let picture = floats([1, 2, 4, 8, 16, 32], [1, 1, 2, 3])
    /// A corner, a place within, one to the right and one far to the lower left.
    private static let grid = floats([-1, -1, 0.3, -0.2, 1.4, 0.5, -2.5, 3], [1, 2, 2, 2])

    private static func sample(
        _ mode: String, _ padding: String, opset: Int = 16, corners: Int64 = 0, _ expected: [Float]
    ) -> OperatorCase {
        OperatorCase(
            "GridSample", opset: opset,
            ["mode": .string(mode), "padding_mode": .string(padding), "align_corners": .int(corners)], picture, grid,
            gives: floats(expected, [1, 1, 2, 2]), within: 1e-4)
    }

    private static let cube = floats([0, 1, 2, 3, 4, 5, 6, 7], [1, 1, 2, 2, 2])
    private static let taps = floats([1, -1, 0.5, 2], [1, 1, 2, 2])

    /// Offsets of half a row for the first tap, a quarter column back for the second, and three rows for the last place
    /// of the fourth, which moves it off the picture.
    private static let offsets: Tensor = {
        var values = [Float](repeating: 0, count: 32)
        for place in 0..<4 { (values[place], values[12 + place]) = (0.5, -0.25) }
        values[27] = 3
        return floats(values, [1, 8, 2, 2])
    }()
    private static let mask = floats([1, 1, 1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1], [1, 4, 2, 2])

    static let cases: [OperatorCase] = [
        sample("bilinear", "zeros", [0.25, 8.99, 0, 0]),
        sample("linear", "border", opset: 20, [1, 8.99, 32, 8]),
        sample("bilinear", "reflection", [1, 8.99, 30.4, 3.5]),
        sample("nearest", "zeros", [1, 2, 0, 0]),
        sample("nearest", "border", [1, 2, 32, 8]),
        sample("nearest", "reflection", opset: 22, [1, 2, 32, 4]),
        sample("cubic", "zeros", opset: 20, [-0.06348, 11.43817, -1.944, 0]),
        sample("bicubic", "border", [0.31152, 8.82864, 31.99998, 8]),
        sample("bicubic", "reflection", [-0.25391, 8.82864, 30.742, -1.11938]),
        sample("bicubic", "border", corners: 1, [1, 9.91521, 27.04168, 8]),
        OperatorCase(
            "GridSample", ["mode": .string("linear"), "align_corners": .int(1)], cube,
            floats([0, 0, 0, 0.5, -0.5, 0.25, 2, 0, 0], [1, 1, 1, 3, 3]),
            gives: floats([3.5, 3.75, 2], [1, 1, 1, 1, 3]),
            within: 1e-6),
        // By hand: places that are no numbers, or beyond all, lie outside.
        OperatorCase(
            "GridSample", floats([5], [1, 1, 1, 1]), floats([.nan, 0, .infinity, 0, 1e30, -1e30], [1, 1, 3, 2]),
            gives: floats([0, 0, 0], [1, 1, 1, 3])),
        OperatorCase(
            "GridSample", ["padding_mode": .string("reflection"), "align_corners": .int(1)], floats([5], [1, 1, 1, 1]),
            floats([.nan, 0, .infinity, 0, 1e30, -1e30], [1, 1, 3, 2]), gives: floats([5, 5, 5], [1, 1, 1, 3])),
        OperatorCase(
            "GridSample", ["mode": .string("nearest")], Tensor(strings: ["a", "b"], shape: [1, 1, 1, 2]),
            floats([0.5, 0, -0.5, 0, 2, 0], [1, 1, 3, 2]), gives: Tensor(strings: ["b", "a", ""], shape: [1, 1, 1, 3])),
        // By hand: the picture's places, turned by a quarter and moved.
        OperatorCase(
            "AffineGrid", floats([0, -1, 0.5, 1, 0, 0], [1, 2, 3]), ints([1, 1, 2, 2]),
            gives: floats([1, -0.5, 1, 0.5, 0, -0.5, 0, 0.5], [1, 2, 2, 2])),
        OperatorCase(
            "AffineGrid", ["align_corners": .int(1)], floats([1, 0, 0, 0, 1, 0], [1, 2, 3]), ints([1, 1, 1, 3]),
            gives: floats([-1, 0, 0, 0, 1, 0], [1, 1, 3, 2])),
        OperatorCase(
            "DeformConv", ["kernel_shape": .ints([2, 2])], floats([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3]), taps,
            offsets,
            floats([10]), mask, gives: floats([19.5, 21.75, 26.25, 12.5], [1, 1, 2, 2]), within: 1e-5),
        // By hand: without a mask and moved nowhere, a plain convolution.
        OperatorCase(
            "DeformConv", ["kernel_shape": .ints([2, 2])], floats([0, 1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 3, 3]), taps,
            Tensor(zeros: .float32, shape: [1, 8, 2, 2]), gives: floats([8.5, 11, 16, 18.5], [1, 1, 2, 2])),
        // By hand: two patches of 2 over an axis of 3, the middle in both.
        OperatorCase(
            "Col2Im", floats([1, 2, 3, 4], [1, 2, 2]), ints([3]), ints([2]), gives: floats([1, 5, 4], [1, 1, 3])),
        OperatorCase(
            "Col2Im", Tensor([UInt8(200), 100, 100, 1], shape: [1, 2, 2]), ints([3]), ints([2]),
            gives: Tensor([UInt8(200), 200, 1], shape: [1, 1, 3])),
        OperatorCase(
            "MaxUnpool", ["kernel_shape": .ints([2]), "strides": .ints([2])], floats([7, 9], [1, 1, 2]),
            ints([1, 2], [1, 1, 2]), gives: floats([0, 7, 9, 0], [1, 1, 4])),
        OperatorCase(
            "MaxUnpool", ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])], floats([7], [1, 1, 1, 1]),
            ints([3], [1, 1, 1, 1]), ints([1, 1, 3, 3]), gives: floats([0, 0, 0, 0, 7, 0, 0, 0, 0], [1, 1, 3, 3])),
    ]

    @Test(arguments: Self.unsound) func throwsAnError(_ testCase: OperatorCase) {
        #expect(throws: QTuneError.self) { try testCase.check() }
    }

    static let unsound: [OperatorCase] = [
        OperatorCase("GridSample", picture, floats([0, 0], [1, 1, 2]), gives: floats([])),
        OperatorCase("GridSample", picture, floats([0, 0, 0], [1, 1, 1, 3]), gives: floats([])),
        OperatorCase("GridSample", picture, ints([0, 0], [1, 1, 1, 2]), gives: floats([])),
        OperatorCase("GridSample", ["mode": .string("lanczos")], picture, grid, gives: floats([])),
        OperatorCase("GridSample", floats([], [1, 1, 0, 3]), grid, gives: floats([])),
        OperatorCase("GridSample", truths([true], [1, 1, 1, 1]), floats([0, 0], [1, 1, 1, 2]), gives: floats([])),
        OperatorCase("AffineGrid", floats([1, 0, 0, 0, 1, 0], [1, 2, 3]), ints([1, 1, -1, 3]), gives: floats([])),
        OperatorCase(
            "AffineGrid", floats([1, 0, 0, 0, 1, 0], [1, 2, 3]), ints([1, 1, .max, .max]), gives: floats([])),
        OperatorCase("AffineGrid", floats([1, 0, 0, 0, 1, 0], [1, 2, 3]), ints([]), gives: floats([])),
        OperatorCase("DeformConv", picture, taps, offsets, gives: floats([])),
        OperatorCase("DeformConv", ["offset_group": .int(.max)], picture, taps, offsets, gives: floats([])),
        OperatorCase("DeformConv", ["group": .int(0)], picture, taps, offsets, gives: floats([])),
        OperatorCase("Col2Im", floats([1, 2, 3, 4], [1, 2, 2]), ints([4]), ints([2]), gives: floats([])),
        OperatorCase("Col2Im", floats([1, 2, 3, 4], [1, 2, 2]), ints([3]), ints([0]), gives: floats([])),
        OperatorCase("Col2Im", floats([1, 2, 3, 4], [1, 2, 2]), ints([.max]), ints([.max]), gives: floats([])),
        OperatorCase(
            "MaxUnpool", ["kernel_shape": .ints([2])], floats([7], [1, 1, 1]), ints([2], [1, 1, 1]), gives: floats([])),
        OperatorCase(
            "MaxUnpool", ["kernel_shape": .ints([2])], floats([7], [1, 1, 1]), ints([-1], [1, 1, 1]), gives: floats([])),
        OperatorCase(
            "MaxUnpool", ["kernel_shape": .ints([2])], floats([7], [1, 1, 1]), ints([0], [1, 1, 1]), ints([1, 1, 1]),
            gives: floats([])),
        OperatorCase("ImageDecoder", floats([1]), gives: floats([])),
        OperatorCase("ImageDecoder", ["pixel_format": .string("CMYK")], Tensor([UInt8(0)]), gives: floats([])),
        OperatorCase("ImageDecoder", Tensor(Array("II*\0".utf8)), gives: floats([])),
    ]

    @Test(
        arguments: [
            ("RGB", [255, 0, 0, 10, 20, 30]), ("BGR", [0, 0, 255, 30, 20, 10]), ("Grayscale", [76, 18]),
        ] as [(String, [UInt8])])
    func decodesPictures(_ format: String, _ pixels: [UInt8]) throws {
        let bytes = Tensor(Array("P6 2 1 255\n".utf8) + [255, 0, 0, 10, 20, 30])
        try OperatorCase(
            "ImageDecoder", ["pixel_format": .string(format)], bytes,
            gives: Tensor(pixels, shape: [1, 2, pixels.count / 2])
        ).check()
    }

    /// The standard wants an empty result of bytes that are no picture.
    @Test(arguments: ["", "GIF89a", "P6 2 1 255\nabc", "BM"]) func damagedPicturesAreEmpty(_ text: String) throws {
        try OperatorCase("ImageDecoder", Tensor(Array(text.utf8)), gives: Tensor([UInt8](), shape: [0, 0, 3])).check()
    }
}
