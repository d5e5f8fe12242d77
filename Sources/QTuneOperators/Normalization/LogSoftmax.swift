import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// `x - log(sum(exp(x)))` along an axis.
struct LogSoftmax: RunOperator {
    static let name = "LogSoftmax"
    static let versions = [1, 11, 13]

    private let axis: SoftmaxAxis

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try SoftmaxAxis(node)
    }

    func runs(of shape: Shape) throws -> AxisRuns { try axis.runs(of: shape) }

    func transform(_ input: Tensor, _ runs: AxisRuns, into output: Tensor, pool: ThreadPool) -> Bool {
        QTuneKernels.Softmax.logarithmRuns(input, length: runs.length, inner: runs.inner, into: output, pool: pool)
        return true
    }

    func kernelFamily(_ inputs: [Value?]) -> KernelFamily? {
        inputs.first??.tensor?.dtype == .float32 ? KernelCatalog.reduction : nil
    }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        let largest = run.max() ?? 0
        let sum = run.reduce(0.0) { $0 + exp(Double($1 - largest)) }
        let offset = Element(log(sum))
        for index in run.indices { run[index] = run[index] - largest - offset }
    }
}
