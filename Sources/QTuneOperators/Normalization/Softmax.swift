import QTuneGraph
import QTuneKernels
import QTuneTensor

/// `exp(x) / sum(exp(x))` along an axis.
struct Softmax: RunOperator {
    static let name = "Softmax"
    static let versions = [1, 11, 13]

    private let axis: SoftmaxAxis

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try SoftmaxAxis(node)
    }

    func runs(of shape: Shape) throws -> AxisRuns { try axis.runs(of: shape) }

    /// float32 goes to the kernel, which takes runs one behind the other.
    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype == .float32, input.count > 0 else { return try evaluateRuns(context) }
        let runs = try axis.runs(of: input.shape)
        let output = try context.makeOutput(0, .float32, input.shape)
        let rows: Shape = [runs.outer * runs.inner, runs.length]
        guard runs.inner > 1 else {
            QTuneKernels.Softmax.lastAxis(
                input.reshaped(to: rows), into: output.reshaped(to: rows), pool: context.pool)
            return [.tensor(output)]
        }
        let planes: Shape = [runs.outer, runs.length, runs.inner]
        let turned = Tensor(uninitialized: .float32, shape: [runs.outer, runs.inner, runs.length])
        Layout.transpose(input.reshaped(to: planes), permutation: [0, 2, 1], into: turned, pool: context.pool)
        QTuneKernels.Softmax.lastAxis(turned, into: turned, pool: context.pool)
        Layout.transpose(turned, permutation: [0, 2, 1], into: output.reshaped(to: planes), pool: context.pool)
        return [.tensor(output)]
    }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        SteppedSoftmax.apply(&run, rounding: rounding)
    }
}
