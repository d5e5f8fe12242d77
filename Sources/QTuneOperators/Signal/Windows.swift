import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import func Glibc.cos
#else
    import func Darwin.cos
#endif

/// A window of cosines: `a - b cos(2 pi n / N) + c cos(4 pi n / N)`.
protocol WindowOperator: Operator {
    static var coefficients: (a: Double, b: Double, c: Double) { get }
    var dtype: DType { get }
    /// Whether the window is one period of a longer signal, otherwise symmetric.
    var isPeriodic: Bool { get }
    init(dtype: DType, isPeriodic: Bool)
}

extension WindowOperator {
    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let dtype = try node.int("output_datatype").map { try elementType($0, "output_datatype") } ?? .float32
        guard Lane(dtype) != nil else { throw QTuneError(.unsupported, "a window of type \(dtype)") }
        self.init(dtype: dtype, isPeriodic: try node.int("periodic") ?? 1 != 0)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let size = context[0].lengths.flatMap { $0.count == 1 ? $0[0] : nil } ?? .unknown
        return [.tensor(dtype, [size])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        guard let sizes = try context.integers(0), sizes.count == 1 else {
            throw QTuneError(.invalidInput, "operand 0 must be one length")
        }
        let output = try context.makeOutput(0, dtype, checkedShape(sizes, operand: "operand 0"))
        let period = Double(max(1, isPeriodic ? sizes[0] : sizes[0] - 1))
        let (a, b, c) = Self.coefficients
        output.fill(from: .real) { target in
            target.withMutableSpan(of: Double.self) { target in
                for index in 0..<target.count {
                    let angle = 2 * Double.pi * Double(index) / period
                    target[index] = a - b * cos(angle) + c * cos(2 * angle)
                }
            }
        }
        return [.tensor(output)]
    }
}

struct HannWindow: WindowOperator {
    static let name = "HannWindow"
    static let versions = [17]
    static let coefficients = (a: 0.5, b: 0.5, c: 0.0)
    let dtype: DType
    let isPeriodic: Bool
}

struct HammingWindow: WindowOperator {
    static let name = "HammingWindow"
    static let versions = [17]
    static let coefficients = (a: 25.0 / 46, b: 21.0 / 46, c: 0.0)
    let dtype: DType
    let isPeriodic: Bool
}

struct BlackmanWindow: WindowOperator {
    static let name = "BlackmanWindow"
    static let versions = [17]
    static let coefficients = (a: 0.42, b: 0.5, c: 0.08)
    let dtype: DType
    let isPeriodic: Bool
}
