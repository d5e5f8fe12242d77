import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Weights that gather the frequencies of a spectrum into bands of the mel scale: a triangle of height 1 for each band,
/// from the middle of the band below to the middle of the band above.
struct MelWeightMatrix: Operator {
    static let name = "MelWeightMatrix"
    static let versions = [17]
    private let dtype: DType

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 5...5)
        dtype = try node.int("output_datatype").map { try elementType($0, "output_datatype") } ?? .float32
        guard Lane(dtype) != nil else { throw QTuneError(.invalidModel, "weights of type \(dtype)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let half = DimensionArithmetic.divide(context[1].length, .fixed(2))
        return [.tensor(dtype, [DimensionArithmetic.add(half, .fixed(1)), context[0].length])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let sizes = try (0..<3).map { try context.number($0, "operand \($0)") ?? 0 }
        let (bands, length, rate) = (sizes[0], sizes[1], sizes[2])
        guard bands >= 0, length >= 0, rate > 0 else {
            throw QTuneError(.invalidInput, "\(bands) bands of a spectrum of \(length) at a rate of \(rate)")
        }
        let edges = try (3...4).map { try Self.frequency(context.tensor($0)) }
        let shape = try checkedShape([length / 2 + 1, bands], operand: "the result's shape")
        let output = try context.makeOutput(0, dtype, shape)
        let rows = try Self.middles(bands, length, rate, edges)
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                for index in target.indices { target[index] = 0 }
                for band in 0..<bands {
                    Self.fill(&target, column: band, of: bands, from: rows[band], rows[band + 1], to: rows[band + 2])
                }
            }
        }
        return [.tensor(output)]
    }

    private static func frequency(_ tensor: Tensor) throws -> Double {
        guard tensor.count == 1, tensor.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "a frequency of \(tensor.dtype)\(tensor.shape), not one number")
        }
        return tensor.widened(to: .real).array(of: Double.self)[0]
    }

    /// The rows of the spectrum at which bands meet: equal steps on the mel scale.
    private static func middles(_ bands: Int, _ length: Int, _ rate: Int, _ edges: [Double]) throws -> [Int] {
        let mels = edges.map { 2595 * log1p($0 / 700) / log(10) }
        let step = (mels[1] - mels[0]) / Double(bands + 2)
        return try (0..<bands + 2).map { index in
            let frequency = 700 * expm1((Double(index) * step + mels[0]) / 2595 * log(10))
            let row = ((Double(length) + 1) * frequency / Double(rate)).rounded(.down)
            // The last triangle ends in front of its row, so that may be the first past the spectrum.
            guard row >= 0, row <= Double(length / 2 + (index > bands ? 1 : 0)) else {
                throw QTuneError(
                    .invalidInput, "the frequencies from \(edges[0]) to \(edges[1]) Hz leave the spectrum")
            }
            return Int(row)
        }
    }

    /// Writes a triangle into a column.
    private static func fill(
        _ target: inout MutableSpan<Double>, column: Int, of columns: Int, from low: Int, _ middle: Int, to high: Int
    ) {
        if low >= middle { target[middle * columns + column] = 1 }
        for row in low..<max(low, middle + 1) where low < middle {
            target[row * columns + column] = Double(row - low) / Double(middle - low)
        }
        for row in middle..<max(middle, high) {
            target[row * columns + column] = Double(high - row) / Double(high - middle)
        }
    }
}
