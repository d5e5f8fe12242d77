internal import CQTuneKernels
package import QTuneTensor

/// Sums of float32 runs so far: of `length` elements `inner` apart, in blocks of `length * inner`.
package enum RunningSums {
    /// Writes to each place of `output` the sum of its run up to there, without the place's own element where
    /// `isExclusive`, from the end where `isReversed`. `output` shares no bytes with `x`.
    package static func run(
        _ x: Tensor, length: Int, inner: Int, isExclusive: Bool, isReversed: Bool, into output: Tensor,
        pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        guard x.count > 0 else { return }
        let kernel = FloatKernels.elementwise(for: tier)
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Float.self))
        let block = length * inner
        pool.run(over: x.count / block, grain: max(1, Elementwise.grain / block)) { range in
            for index in range {
                let first = index * block + (isReversed ? block - inner : 0)
                let step = isReversed ? -inner : inner
                let (from, to) = (source + first, target + first)
                if inner == 1 {
                    sumLine(from, to, length, step: step, isExclusive)
                } else {
                    let shift = isExclusive ? step : 0
                    for column in 0..<inner { to[column] = isExclusive ? 0 : from[column] }
                    for row in 1..<max(1, length) {
                        kernel.binary(
                            QT_BINARY_ADD, QT_BOTH_ARRAYS, to + (row - 1) * step, from + row * step - shift,
                            to + row * step, inner)
                    }
                }
            }
        }
        extendLifetime((x, output))
    }

    /// One run, added up in double precision.
    private static func sumLine(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ length: Int, step: Int, _ isExclusive: Bool
    ) {
        var sum = 0.0
        for place in 0..<length {
            let before = sum
            sum += Double(from[place * step])
            to[place * step] = Float(isExclusive ? before : sum)
        }
    }
}
