import QTuneKernels
import QTuneTensor

/// A tensor seen as `outer` x `length` x `inner`: the runs along one axis, or along some neighbouring axes.
struct AxisRuns {
    let outer: Int
    let length: Int
    let inner: Int

    /// The runs along `axes` of `shape`.
    init(_ shape: Shape, axes: Range<Int>) {
        outer = shape.dimensions[..<axes.lowerBound].reduce(1, *)
        length = shape.dimensions[axes].reduce(1, *)
        inner = shape.dimensions[axes.upperBound...].reduce(1, *)
    }

    /// The runs along `axis`, which counts from the end where negative.
    init(_ shape: Shape, axis: Int) throws {
        guard let axis = shape.normalizedAxis(axis) else {
            throw QTuneError(.invalidInput, "axis \(axis) of \(shape)")
        }
        self.init(shape, axes: axis..<axis + 1)
    }

    /// Calls `body` with the first index of each run; its elements are `inner` apart.
    @inline(__always)
    func forEachRun(_ body: (_ start: Int) -> Void) {
        for block in 0..<outer {
            for offset in 0..<inner { body(block * length * inner + offset) }
        }
    }
}

/// An operator that gives a float tensor of its first operand's type and shape, run by run.
protocol RunOperator: Operator {
    func runs(of shape: Shape) throws -> AxisRuns
    /// Does all of the work on float32 by kernels; false where there are none for such runs.
    func transform(_ input: Tensor, _ runs: AxisRuns, into output: Tensor, pool: ThreadPool) -> Bool
    /// Transforms one run, gathered in a row, in place. `rounding` is that of the tensor's type, whose elements are
    /// computed with in a wider one where it has 16 bits.
    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding)
}

extension RunOperator {
    func transform(_ input: Tensor, _ runs: AxisRuns, into output: Tensor, pool: ThreadPool) -> Bool { false }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let runs = try runs(of: input.shape)
        let rounding = FloatRounding(input.dtype) ?? .none
        return [
            try context.makeFloatOutput(0, input.dtype, input.shape) { output in
                if input.dtype == .float32, transform(input, runs, into: output, pool: context.pool) { return }
                if input.dtype == .float64 {
                    transform(Double.self, input, runs, rounding, into: output)
                } else {
                    transform(Float.self, input.widened(), runs, rounding, into: output)
                }
            }
        ]
    }

    private func transform<Element: SteppedFloat>(
        _: Element.Type, _ input: Tensor, _ runs: AxisRuns, _ rounding: FloatRounding, into output: Tensor
    ) {
        guard input.count > 0 else { return }
        var row = [Element](repeating: 0, count: runs.length)
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                runs.forEachRun { start in
                    for index in 0..<runs.length { row[index] = source[start + index * runs.inner] }
                    transform(&row, rounding: rounding)
                    for index in 0..<runs.length { target[start + index * runs.inner] = row[index] }
                }
            }
        }
    }
}
