package import QTuneTensor

/// A view of a tensor's elements: a start and a step along each axis of some box. Steps of 0 repeat, negative ones
/// run backward.
package struct StridedView {
    package var offset: Int
    package var strides: [Int]

    package init(offset: Int = 0, strides: [Int]) {
        self.offset = offset
        self.strides = strides
    }
}

/// Copying between views, which is what slices, transpositions, repetitions and paddings are.
package enum StridedCopy {
    /// Copies a box of `lengths` from a view of `source` to a view of `target`.
    /// - Parameter pool: nil for the caller's thread alone.
    /// - Precondition: both are of one type of 8, 16, 32 or 64 bits, the views stay inside, and no element of `target`
    ///   is written twice.
    package static func copy(
        _ lengths: [Int], from source: Tensor, _ from: StridedView, to target: Tensor, _ to: StridedView,
        pool: ThreadPool? = nil
    ) {
        guard !lengths.contains(0) else { return }
        precondition(source.dtype.bitWidth == target.dtype.bitWidth, "elements of unlike width")
        precondition(
            from.contains(lengths, in: source.count) && to.contains(lengths, in: target.count), "a view outside")
        let box = CopyBox(lengths, from, to)
        switch target.dtype.bitWidth {
        case 8: box.copy(UInt8.self, source, target, pool)
        case 16: box.copy(UInt16.self, source, target, pool)
        case 32: box.copy(UInt32.self, source, target, pool)
        case 64: box.copy(UInt64.self, source, target, pool)
        case let bits: preconditionFailure("elements of \(bits) bits need a carrier")
        }
    }

    /// Copies a box of `source`, seen through a view, into the whole of `target`.
    package static func fill(_ target: Tensor, from source: Tensor, _ from: StridedView, pool: ThreadPool? = nil) {
        copy(
            target.shape.dimensions, from: source, from, to: target, StridedView(strides: target.shape.strides),
            pool: pool)
    }
}

extension StridedView {
    /// Whether every element of a box of `lengths`, none of them 0, lies in `0..<count`.
    fileprivate func contains(_ lengths: [Int], in count: Int) -> Bool {
        var (lowest, highest) = (offset, offset)
        for (length, stride) in zip(lengths, strides) {
            let (reach, overflows) = stride.multipliedReportingOverflow(by: length - 1)
            guard !overflows, reach.magnitude <= Int.max / 4 else { return false }
            if reach < 0 { lowest += reach } else { highest += reach }
        }
        return lowest >= 0 && highest < count && strides.count == lengths.count
    }
}

/// A copy as rows of the innermost axis.
private struct CopyBox {
    private let outer: PairedAxes
    private let row: PairedAxes.Axis
    private let starts: (from: Int, to: Int)

    init(_ lengths: [Int], _ from: StridedView, _ to: StridedView) {
        var axes = PairedAxes(lengths, from.strides, to.strides)
        row = axes.removeInnermost()
        outer = axes
        starts = (from.offset, to.offset)
    }

    func copy<Element>(_ type: Element.Type, _ source: Tensor, _ target: Tensor, _ pool: ThreadPool?) {
        let (from, to) = (source.unsafeElements(type) + starts.from, target.unsafeElements(type) + starts.to)
        let copyRows = { (range: Range<Int>) in copy(rows: range, from, to) }
        if let pool {
            pool.run(over: outer.count, grain: max(1, Elementwise.grain / row.length), copyRows)
        } else {
            copyRows(0..<outer.count)
        }
        extendLifetime((source, target))
    }

    /// Copies rows of one kind: what the kinds need to know is found out once, not for every row.
    private func copy<Element>(
        rows range: Range<Int>, _ from: UnsafeMutablePointer<Element>, _ to: UnsafeMutablePointer<Element>
    ) {
        let (length, step, stride) = (row.length, row.a, row.b)
        switch (step, stride) {
        case (1, 1): outer.forEach(in: range) { (to + $2).update(from: from + $1, count: length) }
        case (0, 1): outer.forEach(in: range) { (to + $2).update(repeating: from[$1], count: length) }
        default:
            outer.forEach(in: range) { _, a, b in
                let (source, target) = (from + a, to + b)
                for index in 0..<length { target[index &* stride] = source[index &* step] }
            }
        }
    }
}
