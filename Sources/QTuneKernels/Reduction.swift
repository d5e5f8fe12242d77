internal import CQTuneKernels
package import QTuneTensor

/// float32 reductions of an axis, or of neighbouring axes taken as one.
package enum Reduction {
    package enum Function: Hashable, Sendable {
        case sum, mean, product
        /// NaN where any element is NaN.
        case max, min
        case sumOfSquares, sumOfMagnitudes
        /// The logarithm of the sum of exponentials, which no large element makes infinite. Windows do not take it.
        case logSumExp

        var function: qt_reduction {
            switch self {
            case .sum, .mean: QT_REDUCE_SUM
            case .product: QT_REDUCE_PRODUCT
            case .max: QT_REDUCE_MAX
            case .min: QT_REDUCE_MIN
            case .sumOfSquares: QT_REDUCE_SUM_SQUARES
            case .sumOfMagnitudes: QT_REDUCE_SUM_ABS
            case .logSumExp: QT_REDUCE_LOG_SUM_EXP
            }
        }
    }

    /// Reduces axes `axes` of `x`; `output` holds one element for each position of the other axes, in their order.
    /// - Precondition: float32; the range lies within the axes of `x` and holds at least one element.
    package static func reduce(
        _ function: Function, _ x: Tensor, axes: Range<Int>, into output: Tensor, pool: ThreadPool,
        tier: CPUTier? = nil
    ) {
        let lengths = x.shape.dimensions
        precondition(x.dtype == .float32 && output.dtype == .float32, "not float32")
        precondition(axes.lowerBound >= 0 && axes.upperBound <= lengths.count, "no axes \(axes) in \(x.shape)")
        let outer = lengths[..<axes.lowerBound].reduce(1, *)
        let count = lengths[axes].reduce(1, *)
        let inner = lengths[axes.upperBound...].reduce(1, *)
        precondition(count > 0 && output.count == outer * inner, "output has another size")
        let row = FloatKernels.reduction(for: tier)
        let elements = FloatKernels.elementwise(for: tier)
        let source = x.unsafeElements(Float.self)
        let target = output.unsafeElements(Float.self)
        let grain = max(1, Elementwise.grain / (count * max(1, inner)))
        pool.run(over: outer, grain: grain) { range in
            for index in range {
                reduceOne(
                    function.function, source + index * count * inner, count: count, inner: inner,
                    into: target + index * inner, kernel: row)
            }
            if function == .mean {
                let start = target + range.lowerBound * inner
                elements.unary(QT_UNARY_AFFINE, start, start, range.count * inner, 1 / Float(count), 0)
            }
        }
        extendLifetime((x, output))
    }

    private static func reduceOne(
        _ function: qt_reduction, _ source: UnsafePointer<Float>, count: Int, inner: Int,
        into target: UnsafeMutablePointer<Float>, kernel: qt_f32_reduction_row
    ) {
        if inner == 1 {
            target.pointee = kernel.along(function, source, count)
            return
        }
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { rows in
            for row in 0..<count { rows[row] = source + row * inner }
            kernel.across(function, rows.baseAddress, count, target, inner)
        }
    }
}
