internal import CQTuneKernels
package import QTuneTensor

/// Softmax of the scores of attention, where they are.
package enum MaskedSoftmax {
    /// Numbers that change scores before the softmax: row `r` of the scores meets those from `offset + r * rowStride`
    /// on.
    package struct Bias {
        let tensor: Tensor
        let offset: Int
        let rowStride: Int
        let replaces: Bool

        /// - Parameters:
        ///   - rowStride: 0 where all rows meet the same numbers.
        ///   - replaces: whether a number other than 0 stands for the score itself, rather than being added to it.
        package init(_ tensor: Tensor, offset: Int, rowStride: Int, replaces: Bool = false) {
            (self.tensor, self.offset, self.rowStride, self.replaces) = (tensor, offset, rowStride, replaces)
        }
    }

    /// Makes probabilities of the rows of `scores`, [rows, keys] in float32, on the caller's thread.
    /// - Parameters:
    ///   - visible: for each row the keys that count; the probabilities of the others are 0. nil for all.
    ///   - clearsHiddenRows: whether rows without any key become 0; otherwise they are NaN.
    /// - Precondition: `bias` holds the numbers that the rows meet.
    package static func run(
        _ scores: Tensor, bias: Bias?, visible: ((_ row: Int) -> Range<Int>)? = nil, clearsHiddenRows: Bool,
        tier: CPUTier? = nil
    ) {
        precondition(scores.dtype == .float32 && scores.shape.rank == 2, "\(scores.dtype)\(scores.shape) as scores")
        let (rows, keys) = (scores.shape[0], scores.shape[1])
        guard rows > 0, keys > 0 else { return }
        if let bias {
            let end = bias.offset + (rows - 1) * bias.rowStride + keys
            precondition(bias.tensor.dtype == .float32 && bias.offset >= 0 && end <= bias.tensor.count, "a short bias")
        }
        let reduction = FloatKernels.reduction(for: tier)
        let elements = FloatKernels.elementwise(for: tier)
        let start = scores.unsafeElements(Float.self)
        let numbers = bias.map { UnsafePointer($0.tensor.unsafeElements(Float.self)) + $0.offset }
        for row in 0..<rows {
            let target = start + row * keys
            if let bias, let numbers {
                elements.binary(
                    bias.replaces ? QT_BINARY_OVERRIDE : QT_BINARY_ADD, QT_BOTH_ARRAYS, target,
                    numbers + row * bias.rowStride, target, keys)
            }
            if let visible {
                let range = visible(row).clamped(to: 0..<keys)
                target.update(repeating: -.infinity, count: range.lowerBound)
                (target + range.upperBound).update(repeating: -.infinity, count: keys - range.upperBound)
            }
            if clearsHiddenRows, reduction.along(QT_REDUCE_MAX, target, keys) == -.infinity {
                target.update(repeating: 0, count: keys)
            } else {
                reduction.softmax(target, target, keys)
            }
        }
        extendLifetime((scores, bias?.tensor))
    }
}
