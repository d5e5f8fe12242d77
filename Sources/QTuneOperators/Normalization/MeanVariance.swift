import QTuneTensor

extension EvaluationContext {
    /// Makes output `index`: each run of `input` with its mean taken off, divided by `sqrt(variance + epsilon)`, then
    /// scaled and moved by what `affine` says for the run's number and the element's place in it.
    /// - Precondition: the runs are contiguous (`inner` is 1).
    func makeNormalized(
        _ index: Int, _ input: Tensor, _ runs: AxisRuns, epsilon: Float, centers: Bool = true,
        observe: (_ mean: Double, _ inverseDeviation: Double) -> Void = { _, _ in },
        affine: (_ run: Int, _ place: Int) -> (scale: Double, bias: Double)
    ) throws -> Value {
        try makeFloatOutput(index, input.dtype, input.shape) { output in
            if input.dtype == .float64 {
                normalize(Double.self, input, runs, epsilon, centers, into: output, observe, affine)
            } else {
                normalize(Float.self, input.widened(), runs, epsilon, centers, into: output, observe, affine)
            }
        }
    }

    private func normalize<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ runs: AxisRuns, _ epsilon: Float, _ centers: Bool, into output: Tensor,
        _ observe: (Double, Double) -> Void, _ affine: (Int, Int) -> (scale: Double, bias: Double)
    ) {
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                for run in 0..<runs.outer {
                    let range = run * runs.length..<(run + 1) * runs.length
                    var (sum, squares) = (0.0, 0.0)
                    for place in range { sum += Double(source[place]) }
                    let mean = centers && !range.isEmpty ? sum / Double(range.count) : 0
                    for place in range { squares += (Double(source[place]) - mean) * (Double(source[place]) - mean) }
                    let inverse = 1 / (squares / Double(max(1, range.count)) + Double(epsilon)).squareRoot()
                    observe(mean, inverse)
                    for place in range {
                        let (scale, bias) = affine(run, place - range.lowerBound)
                        target[place] = Element((Double(source[place]) - mean) * inverse * scale + bias)
                    }
                }
            }
        }
    }
}
