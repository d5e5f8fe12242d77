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

    func transform(_ input: Tensor, _ runs: AxisRuns, into output: Tensor, pool: ThreadPool) -> Bool {
        QTuneKernels.Softmax.runs(input, length: runs.length, inner: runs.inner, into: output, pool: pool)
        return true
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.reduction : nil
    }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        SteppedSoftmax.apply(&run, rounding: rounding)
    }
}
