import QTuneGraph
import QTuneTensor

/// The sampling grid of an affine map. Operands: theta [batch, axes, axes + 1], the size of the picture that the grid
/// is for: batch, channels, and the 2 or 3 spatial lengths. Gives [batch, spatial..., axes], the innermost axis first.
struct AffineGrid: Operator {
    static let name = "AffineGrid"
    static let versions = [20]

    /// Whether -1 and 1 are the centres of the end elements, else their outer edges.
    private let alignsCorners: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        alignsCorners = try node.int("align_corners") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let batch = context[0].dimensions?.first ?? .unknown
        guard let lengths = context[1].lengths, lengths.count == 4 || lengths.count == 5 else {
            guard let axes = context[0].dimensions.flatMap({ $0.count == 3 ? $0[1].value : nil }),
                axes == 2 || axes == 3
            else { return [.tensor(context[0].dtype, nil)] }
            let places = [Dimension](repeating: .unknown, count: axes)
            return [.tensor(context[0].dtype, [batch] + places + [.fixed(axes)])]
        }
        return [.tensor(context[0].dtype, [batch] + lengths.dropFirst(2) + [.fixed(lengths.count - 2)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let theta = try context.tensor(0)
        let size = try context.integers(1) ?? []
        let axes = size.count - 2
        guard axes == 2 || axes == 3, theta.shape.dimensions == [size[0], axes, axes + 1] else {
            throw QTuneError(.invalidInput, "an affine map \(theta.shape) for pictures of size \(size)")
        }
        let spatial = Array(size.dropFirst(2))
        let shape = try checkedShape([size[0]] + spatial + [axes], operand: "the size")
        try MemoryLimit.check(.float64, shape)
        let factors = try theta.doubles()
        let steps = spatial.map { length in (0..<(shape.elementCount == 0 ? 0 : length)).map { place($0, of: length) } }
        let output = try context.makeOutput(0, theta.dtype, shape)
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                var index = 0
                for image in 0..<size[0] where !target.isEmpty {
                    let matrix = Array(factors[image * axes * (axes + 1)..<(image + 1) * axes * (axes + 1)])
                    forEachPlace(steps) { place in
                        for row in 0..<axes {
                            let first = row * (axes + 1)
                            target[index] = place.indices.reduce(matrix[first + axes]) {
                                $0 + matrix[first + $1] * place[$1]
                            }
                            index += 1
                        }
                    }
                }
            }
        }
        return [.tensor(output)]
    }

    /// The place of element `index` of an axis of `length` elements, where -1 and 1 are the ends.
    private func place(_ index: Int, of length: Int) -> Double {
        guard alignsCorners else { return (2 * Double(index) + 1) / Double(length) - 1 }
        // The only element is both ends; it takes the middle.
        return length > 1 ? 2 * Double(index) / Double(length - 1) - 1 : 0
    }

    /// Calls `body` with the coordinates of each place in row-major order, the innermost axis first.
    private func forEachPlace(_ steps: [[Double]], _ body: ([Double]) -> Void) {
        guard steps.count == 3 else {
            for y in steps[0] { for x in steps[1] { body([x, y]) } }
            return
        }
        for z in steps[0] { for y in steps[1] { for x in steps[2] { body([x, y, z]) } } }
    }
}
