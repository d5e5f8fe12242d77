import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Divides by the 1-norm or 2-norm along an axis; runs of zeros stay zero.
struct LpNormalization: RunOperator {
    static let name = "LpNormalization"
    static let versions = [1, 22]

    private let axis: Int
    private let exponent: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try node.int("axis") ?? -1
        exponent = try node.int("p") ?? 2
        guard exponent == 1 || exponent == 2 else {
            throw QTuneError(.invalidModel, "attribute 'p' is \(exponent), neither 1 nor 2")
        }
    }

    func runs(of shape: Shape) throws -> AxisRuns { try AxisRuns(shape, axis: axis) }

    func transform(_ input: Tensor, _ runs: AxisRuns, into output: Tensor, pool: ThreadPool) -> Bool {
        guard runs.length > 0 else { return false }
        let blocks = input.reshaped(to: [runs.outer, runs.length, runs.inner])
        let norms = Tensor(uninitialized: .float32, shape: [runs.outer, 1, runs.inner])
        let function: Reduction.Function = exponent == 1 ? .sumOfMagnitudes : .sumOfSquares
        Reduction.reduce(function, blocks, axes: 1..<2, into: norms, pool: pool)
        if exponent == 2 { Elementwise.unary(.sqrt, norms, into: norms, pool: pool) }
        // A run of zeros is divided by 1.
        norms.withMutableSpan(of: Float.self) { norms in
            for index in norms.indices where norms[index] == 0 { norms[index] = 1 }
        }
        Elementwise.binary(.div, blocks, norms, into: output.reshaped(to: blocks.shape), pool: pool)
        return true
    }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        let norm =
            exponent == 1
            ? run.reduce(0) { $0 + $1.magnitude } : run.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm != 0 else { return }
        for index in run.indices { run[index] /= norm }
    }
}
