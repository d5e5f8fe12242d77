import QTuneTensor

/// Softmax of one run with each step rounded to the type of the tensor: largest taken off, exponential, sum, quotient.
enum SteppedSoftmax {
    static func apply<Step: SteppedFloat>(_ run: inout [Step], rounding: FloatRounding) {
        let largest = run.max() ?? 0
        for index in run.indices {
            run[index] = (run[index] - largest).rounded(by: rounding).exponential.rounded(by: rounding)
        }
        let sum = sum(of: run, rounding: rounding)
        for index in run.indices { run[index] = (run[index] / sum).rounded(by: rounding) }
    }

    /// Sums of float16 are rounded once, as NumPy does it; those of bfloat16, which NumPy does not know, at each step.
    private static func sum<Step: SteppedFloat>(of run: [Step], rounding: FloatRounding) -> Step {
        guard rounding == .bfloat16 else { return run.reduce(0, +).rounded(by: rounding) }
        return run.reduce(0) { ($0 + $1).rounded(by: rounding) }
    }
}
