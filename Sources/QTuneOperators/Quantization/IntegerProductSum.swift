import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The exact int32 sums of a matrix product of integers, each operand minus its zero points.
struct IntegerProductSum {
    let operands: MatrixProductOperands
    /// Row-major, one for each element of the output.
    let sums: [Int32]

    /// - Parameters:
    ///   - aZeroPoint: one, or one for each row of `a`.
    ///   - bZeroPoint: one, or one for each column of `b`.
    init(_ a: Tensor, aZeroPoint: Tensor?, _ b: Tensor, bZeroPoint: Tensor?, pool: ThreadPool) throws {
        let operands = try MatrixProductOperands(a.shape, b.shape)
        self.operands = operands
        if let packed = try PackedIntegerProduct(
            a, aZeroPoint: aZeroPoint, b, bZeroPoint: bZeroPoint, epilogue: .accumulators)
        {
            let output = Tensor(uninitialized: .int32, shape: operands.output)
            packed.run(a, into: output, pool: pool)
            sums = output.array(of: Int32.self)
            return
        }
        let centeredA = try Self.centered(a, aZeroPoint, alongRows: true)
        let centeredB = try Self.centered(b, bZeroPoint, alongRows: false)
        let output = Tensor(Int32.self, shape: operands.output) { sums in
            centeredA.withSpan(of: Int32.self) { a in
                centeredB.withSpan(of: Int32.self) { operands.multiply(a, $0, into: &sums) }
            }
        }
        sums = output.array(of: Int32.self)
    }

    /// The shape in which parameters that run along rows or columns broadcast to a stack of matrices.
    static func parameterShape(_ shape: Shape, alongRows: Bool) -> Shape {
        shape.rank == 1 && alongRows ? [shape[0], 1] : shape
    }

    private static func centered(_ tensor: Tensor, _ zeroPoint: Tensor?, alongRows: Bool) throws -> Tensor {
        let values = try tensor.smallIntegers()
        guard let zeroPoint else { return Tensor(values, shape: tensor.shape) }
        let zeros = try zeroPoint.smallIntegers()
        if zeros.count == 1 { return Tensor(values.map { $0 &- zeros[0] }, shape: tensor.shape) }
        let shape = parameterShape(zeroPoint.shape, alongRows: alongRows)
        guard shape.broadcast(with: tensor.shape) == tensor.shape else {
            throw QTuneError(.invalidInput, "zero points of \(zeroPoint.shape) for a matrix of \(tensor.shape)")
        }
        let places = broadcastPlaces(of: shape, in: tensor.shape)
        return Tensor(zip(values, places).map { $0 &- zeros[$1] }, shape: tensor.shape)
    }
}

/// Scales that run along the rows or the columns of a matrix product.
struct ProductScales {
    private let scales: [Float]
    private let places: [Int]

    init(_ tensor: Tensor, alongRows: Bool, output: Shape) throws {
        scales = try tensor.floats()
        let shape = IntegerProductSum.parameterShape(tensor.shape, alongRows: alongRows)
        if scales.count == 1 {
            places = []
        } else if shape.broadcast(with: output) == output {
            places = broadcastPlaces(of: shape, in: output)
        } else {
            throw QTuneError(.invalidInput, "scales of \(tensor.shape) for a product of \(output)")
        }
    }

    /// The scale of an element of the product.
    subscript(element: Int) -> Float { scales[places.isEmpty ? 0 : places[element]] }
}
