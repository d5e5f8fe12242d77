internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

extension InputQuantization {
    /// By the operands of those numbers, without which a kernel knows them; nil where they are not what kernels read.
    init?(_ values: BoundValues, zeroPoint: Int, scale: Int) {
        if let given = values.input(scale) {
            self.init(zeroPoint: values.input(zeroPoint), scale: given)
        } else {
            self = .known
        }
    }
}

extension IntegerResults {
    /// The first result and, with `findsRange`, the second one, where they are asked for.
    init?(_ values: BoundValues, findsRange: Bool) {
        guard let output = values.output(0) else { return nil }
        guard findsRange else {
            self = .plain(output)
            return
        }
        guard let ends = values.output(1) else { return nil }
        self = .ranged(output, ends: ends)
    }
}

extension DynamicResults {
    /// Integers, scale and zero point, where all are asked for.
    init?(_ values: BoundValues) {
        self.init(integers: values.output(0), scale: values.output(1), zeroPoint: values.output(2))
    }
}
