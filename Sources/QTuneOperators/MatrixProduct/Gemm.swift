import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `alpha * A * B + beta * C`, where A and B may be transposed and C broadcasts to the product's [rows, columns].
struct Gemm: Operator {
    static let name = "Gemm"
    static let versions = [7, 9, 11, 13]

    private let alpha: Float
    private let beta: Float
    private let transposesA: Bool
    private let transposesB: Bool
    /// A constant right-hand matrix as the float32 kernels take it.
    private var packed: FloatMatrix?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        alpha = try node.float("alpha") ?? 1
        beta = try node.float("beta") ?? 1
        transposesA = try node.int("transA") ?? 0 != 0
        transposesB = try node.int("transB") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let a = context[0].dimensions, let b = context[1].dimensions else {
            return [.tensor(context[0].dtype, [.unknown, .unknown])]
        }
        guard a.count == 2, b.count == 2 else { throw QTuneError(.invalidInput, "a Gemm of \(a) and \(b)") }
        return [.tensor(context[0].dtype, [a[transposesA ? 1 : 0], b[transposesB ? 0 : 1]])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (a, b) = (try context.tensor(0), try context.tensor(1))
        let addend = try context.optionalTensor(2)
        guard a.shape.rank == 2, b.shape.rank == 2, a.dtype == b.dtype, addend?.dtype ?? a.dtype == a.dtype else {
            throw QTuneError(.invalidInput, "a Gemm of \(a.dtype)\(a.shape) and \(b.dtype)\(b.shape)")
        }
        let left = transposesA ? a.matrixTransposed() : a
        let bShape: Shape = transposesB ? [b.shape[1], b.shape[0]] : b.shape
        let operands = try MatrixProductOperands(left.shape, bShape)
        if let addend, addend.shape.rank > 2 || addend.shape.broadcast(with: operands.output) != operands.output {
            throw QTuneError(.invalidInput, "an addend of \(addend.shape) does not broadcast to \(operands.output)")
        }
        let product: Value
        if let packed, a.count > 0 {
            product = try context.makeFloatOutput(0, a.dtype, operands.output) { output in
                packed.run(left.widened(), into: output, pool: context.pool)
            }
        } else {
            product = try operands.multiply(left, transposesB ? b.matrixTransposed() : b, in: context)
        }
        guard let output = product.tensor, addend != nil || alpha != 1 else { return [product] }
        try addScaled(addend, to: output)
        return [product]
    }

    func prepacked(_ constants: [Int: Tensor]) throws -> (any Operator)? {
        guard let b = constants[1], b.shape.rank == 2, b.count > 0, [.float32, .float16, .bfloat16].contains(b.dtype)
        else { return nil }
        var copy = self
        copy.packed = try FloatMatrix(b.widened(), transposed: transposesB)
        return copy
    }

    /// Makes `alpha * output + beta * addend` of the product, in place.
    private func addScaled(_ addend: Tensor?, to output: Tensor) throws {
        switch output.dtype {
        case .float32: scale(output, addend) { (x: Float, c: Float) in alpha * x + beta * c }
        case .float64: scale(output, addend) { (x: Double, c: Double) in Double(alpha) * x + Double(beta) * c }
        case .float16: scale(output, addend) { (x: Float16, c: Float16) in Float16(alpha * Float(x) + beta * Float(c)) }
        case .bfloat16:
            scale(output, addend) { (x: BFloat16, c: BFloat16) in BFloat16(alpha * x.float + beta * c.float) }
        case .int32:
            let (alpha, beta): (Int32, Int32) = (try whole(alpha), try whole(beta))
            scale(output, addend) { (x: Int32, c: Int32) in alpha &* x &+ beta &* c }
        case .int64:
            let (alpha, beta): (Int64, Int64) = (try whole(alpha), try whole(beta))
            scale(output, addend) { (x: Int64, c: Int64) in alpha &* x &+ beta &* c }
        default: throw QTuneError(.unsupported, "Gemm of \(output.dtype)")
        }
    }

    /// A factor of integers.
    private func whole<Integer: FixedWidthInteger>(_ factor: Float) throws -> Integer {
        guard let integer = Integer(exactly: factor) else {
            throw QTuneError(.unsupported, "the factor \(factor) in a Gemm of integers")
        }
        return integer
    }

    /// Combines each element of the product with that of the addend, in place.
    private func scale<Element: TensorElement & ZeroElement>(
        _ output: Tensor, _ addend: Tensor?, _ combine: (Element, Element) -> Element
    ) {
        let columns = output.shape[1]
        let values = addend?.array(of: Element.self) ?? [.zeroElement]
        let lengths = [1, 1] + (addend?.shape.dimensions ?? [])
        let rowStride = lengths[lengths.count - 2] == 1 ? 0 : lengths[lengths.count - 1]
        let columnStride = lengths[lengths.count - 1] == 1 ? 0 : 1
        output.withMutableSpan(of: Element.self) { elements in
            for index in elements.indices {
                let addend = values[index / columns * rowStride + index % columns * columnStride]
                elements[index] = combine(elements[index], addend)
            }
        }
    }
}

/// Element types with a zero that stands for an addend left out.
private protocol ZeroElement { static var zeroElement: Self { get } }
extension Float: ZeroElement { fileprivate static var zeroElement: Float { 0 } }
extension Double: ZeroElement { fileprivate static var zeroElement: Double { 0 } }
extension Float16: ZeroElement { fileprivate static var zeroElement: Float16 { 0 } }
extension BFloat16: ZeroElement { fileprivate static var zeroElement: BFloat16 { BFloat16(0) } }
extension Int32: ZeroElement { fileprivate static var zeroElement: Int32 { 0 } }
extension Int64: ZeroElement { fileprivate static var zeroElement: Int64 { 0 } }

extension Tensor {
    /// A matrix with rows and columns changed over.
    func matrixTransposed() -> Tensor {
        let (rows, columns) = (shape[0], shape[1])
        let width = dtype.bitWidth / 8
        let result = Tensor(uninitialized: dtype, shape: [columns, rows])
        withBytes { source in
            result.withMutableBytes { target in
                for row in 0..<rows {
                    for column in 0..<columns {
                        for byte in 0..<width {
                            target[(column * rows + row) * width + byte] =
                                source[(row * columns + column) * width + byte]
                        }
                    }
                }
            }
        }
        return result
    }
}
