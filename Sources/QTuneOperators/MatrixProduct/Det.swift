import QTuneGraph
import QTuneTensor

/// The determinants of square matrices, which the last two axes hold.
struct Det: Operator {
    static let name = "Det"
    static let versions = [11, 22]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        let sides = dimensions.suffix(2).compactMap(\.value)
        guard dimensions.count >= 2, sides.count < 2 || sides[0] == sides[1] else {
            throw QTuneError(.invalidInput, "\(dimensions) is no shape of square matrices")
        }
        return [.tensor(context[0].dtype, Array(dimensions.dropLast(2)))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let rank = input.shape.rank
        guard rank >= 2, input.shape[rank - 1] == input.shape[rank - 2] else {
            throw QTuneError(.invalidInput, "\(input.shape) is no shape of square matrices")
        }
        guard input.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "operand 0 is \(input.dtype), not a float type")
        }
        let side = input.shape[rank - 1]
        let output = try context.makeOutput(0, input.dtype, Shape(Array(input.shape.dimensions.dropLast(2))))
        let elements = input.widened(to: .real).array(of: Double.self)
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                for index in target.indices {
                    let start = index * side * side
                    target[index] = Self.determinant(Array(elements[start..<start + side * side]), side)
                }
            }
        }
        return [.tensor(output)]
    }

    /// The determinant of a matrix by elimination, with the largest element of each column as pivot.
    private static func determinant(_ elements: [Double], _ side: Int) -> Double {
        var matrix = elements
        var result = 1.0
        for column in 0..<side {
            let candidates = column..<side
            let pivot = candidates.max { abs(matrix[$0 * side + column]) < abs(matrix[$1 * side + column]) } ?? column
            if pivot != column {
                for step in column..<side { matrix.swapAt(pivot * side + step, column * side + step) }
                result = -result
            }
            let head = matrix[column * side + column]
            result *= head
            guard head != 0 else { return 0 }
            for row in column + 1..<side {
                let factor = matrix[row * side + column] / head
                for step in column..<side { matrix[row * side + step] -= factor * matrix[column * side + step] }
            }
        }
        return result
    }
}
