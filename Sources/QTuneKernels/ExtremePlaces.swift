internal import CQTuneKernels
package import QTuneTensor

/// Where the largest or smallest element of each run of float32 is.
package enum ExtremePlaces {
    /// Writes the place of each run's extreme into `output`, int64: of runs of `length` elements `inner` apart, in
    /// blocks of `length * inner`. Of equal elements the first counts, or the last; NaN is found only where it comes
    /// first, then at place 0.
    package static func run(
        _ x: Tensor, length: Int, inner: Int, largest: Bool, takesLast: Bool, into output: Tensor, pool: ThreadPool,
        tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == .int64, "unlike tensors")
        precondition(length > 0 && x.count == output.count * length, "output has another size")
        let search = Search(
            length: length, inner: inner, function: largest ? QT_REDUCE_MAX : QT_REDUCE_MIN, takesLast: takesLast,
            reduction: FloatKernels.reduction(for: tier), elements: FloatKernels.elements(for: tier))
        let (source, target) = (x.unsafeElements(Float.self), output.unsafeElements(Int64.self))
        let strips = (inner + Search.width - 1) / Search.width
        let grain = max(1, Elementwise.grain / (length * min(inner, Search.width)))
        pool.run(over: output.count / inner * strips, grain: grain) { range in
            for item in range {
                let first = item % strips * Search.width
                let (block, count) = (item / strips, min(Search.width, inner - first))
                let (start, result) = (source + block * length * inner + first, target + block * inner + first)
                if inner == 1 {
                    result.pointee = search.place(along: start)
                } else {
                    search.places(across: start, count: count, into: result)
                }
            }
        }
        extendLifetime((x, output))
    }
}

private struct Search {
    let length: Int
    let inner: Int
    let function: qt_reduction
    let takesLast: Bool
    let reduction: qt_f32_reduction_row
    let elements: qt_elements_row

    /// Runs that are searched side by side.
    static let width = 512

    func place(along run: UnsafePointer<Float>) -> Int64 {
        let best = reduction.along(function, run, length)
        let elements = UnsafeBufferPointer(start: run, count: length)
        let place = takesLast ? elements.lastIndex(of: best) : elements.firstIndex(of: best)
        return Int64(place ?? placeAmongNaN(run))
    }

    func places(across start: UnsafePointer<Float>, count: Int, into places: UnsafeMutablePointer<Int64>) {
        places.update(repeating: -1, count: count)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { best in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: length) { rows in
                for row in 0..<length { rows[row] = start + row * inner }
                reduction.across(function, rows.baseAddress, length, best.baseAddress, count)
            }
            // The last mark stays.
            for step in 0..<length {
                let row = takesLast ? step : length - 1 - step
                elements.mark(start + row * inner, best.baseAddress, Int64(row), places, count)
            }
        }
        for index in 0..<count where places[index] < 0 { places[index] = Int64(placeAmongNaN(start + index)) }
    }

    private func placeAmongNaN(_ run: UnsafePointer<Float>) -> Int {
        var best = 0
        for place in 1..<max(length, 1) {
            let (candidate, current) = (run[place * inner], run[best * inner])
            let isBetter = function == QT_REDUCE_MAX ? candidate > current : candidate < current
            if isBetter || takesLast && candidate == current { best = place }
        }
        return best
    }
}
