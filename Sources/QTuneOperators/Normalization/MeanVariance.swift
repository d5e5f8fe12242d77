import QTuneTensor

extension EvaluationContext {
    /// Makes output `index`: each run of `input` with its mean taken off, divided by `sqrt(variance + epsilon)`, then
    /// scaled and moved by what `affine` says for the run's number and the element's place in it.
    /// - Precondition: the runs are contiguous (`inner` is 1).
    func makeNormalized(
        _ index: Int, _ input: Tensor, _ runs: AxisRuns, epsilon: Float, centers: Bool = true,
        statistics: NormalizationStatistics? = nil,
        affine: (_ run: Int, _ place: Int) -> (scale: Double, bias: Double)
    ) throws -> Value {
        try makeFloatOutput(index, input.dtype, input.shape) { output in
            if input.dtype == .float64 {
                normalize(Double.self, input, runs, epsilon, centers, into: output, statistics, affine)
            } else {
                normalize(Float.self, input.widened(), runs, epsilon, centers, into: output, statistics, affine)
            }
        }
    }

    private func normalize<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, _ runs: AxisRuns, _ epsilon: Float, _ centers: Bool, into output: Tensor,
        _ statistics: NormalizationStatistics?, _ affine: (Int, Int) -> (scale: Double, bias: Double)
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
                    statistics?.set(run, mean: mean, inverseDeviation: inverse)
                    for place in range {
                        let (scale, bias) = affine(run, place - range.lowerBound)
                        target[place] = Element((Double(source[place]) - mean) * inverse * scale + bias)
                    }
                }
            }
        }
    }
}

/// The mean and the inverse standard deviation of each run as outputs 1 and 2, as far as the node asks for them.
struct NormalizationStatistics {
    let tensors: [Tensor]

    /// - Parameter shape: of an element for each run.
    init(_ context: EvaluationContext, _ shape: Shape, epsilon: Float) throws {
        tensors = try [1, 2].filter { $0 < context.outputCount }.map { try context.makeOutput($0, .float32, shape) }
        // What runs of no elements have.
        for (tensor, value) in zip(tensors, [0, 1 / epsilon.squareRoot()]) {
            tensor.withMutableSpan(of: Float.self) { for index in $0.indices { $0[index] = value } }
        }
    }

    func set(_ run: Int, mean: Double, inverseDeviation: Double) {
        guard !tensors.isEmpty else { return }
        for (tensor, value) in zip(tensors, [mean, inverseDeviation]) {
            tensor.withMutableSpan(of: Float.self) { $0[run] = Float(value) }
        }
    }
}
