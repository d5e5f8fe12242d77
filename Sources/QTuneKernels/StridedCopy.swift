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

/// The axes of a copy, outermost first, with neighbours merged that both views step through alike: rows of the innermost
/// axis, columns of the one before, and the others outside.
private struct CopyBox {
    private struct Axis {
        var length = 1
        var from = 0
        var to = 0
    }

    private var outer: [Axis] = []
    private var rows = Axis()
    private var row = Axis(length: 1, from: 1, to: 1)
    private let starts: (from: Int, to: Int)

    init(_ lengths: [Int], _ from: StridedView, _ to: StridedView) {
        starts = (from.offset, to.offset)
        for axis in lengths.indices where lengths[axis] != 1 {
            let next = Axis(length: lengths[axis], from: from.strides[axis], to: to.strides[axis])
            if let last = outer.last, last.from == next.length * next.from, last.to == next.length * next.to {
                outer[outer.count - 1] = Axis(length: last.length * next.length, from: next.from, to: next.to)
            } else {
                outer.append(next)
            }
        }
        if let inner = outer.popLast() { row = inner }
        if let next = outer.popLast() { rows = next }
    }

    func copy<Element>(_ type: Element.Type, _ source: Tensor, _ target: Tensor, _ pool: ThreadPool?) {
        let (from, to) = (source.unsafeElements(type) + starts.from, target.unsafeElements(type) + starts.to)
        let blocks = outer.reduce(1) { $0 * $1.length }
        let grain = max(1, Elementwise.grain / row.length)
        // Parts are rows of one block where there is only one, else blocks.
        let copyRows = { (block: Int, range: Range<Int>) in
            let (a, b) = offsets(of: block)
            for index in range { copyRow(from + (a + index * rows.from), to + (b + index * rows.to)) }
        }
        if let pool, blocks == 1 {
            pool.run(over: rows.length, grain: grain) { copyRows(0, $0) }
        } else if let pool {
            pool.run(over: blocks, grain: max(1, grain / rows.length)) { range in
                for block in range { copyRows(block, 0..<rows.length) }
            }
        } else {
            for block in 0..<blocks { copyRows(block, 0..<rows.length) }
        }
        extendLifetime((source, target))
    }

    @inline(__always)
    private func copyRow<Element>(_ from: UnsafeMutablePointer<Element>, _ to: UnsafeMutablePointer<Element>) {
        switch (row.from, row.to) {
        case (1, 1): to.update(from: from, count: row.length)
        case (0, 1): to.update(repeating: from.pointee, count: row.length)
        case (let step, 1): for index in 0..<row.length { to[index] = from[index &* step] }
        case (let step, let stride): for index in 0..<row.length { to[index &* stride] = from[index &* step] }
        }
    }

    private func offsets(of block: Int) -> (from: Int, to: Int) {
        var (rest, from, to) = (block, 0, 0)
        for axis in outer.reversed() {
            let position = rest % axis.length
            rest /= axis.length
            from += position * axis.from
            to += position * axis.to
        }
        return (from, to)
    }
}
