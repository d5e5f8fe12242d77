/// The axes of a box that two views step through, outermost first. Axes of one element are left out, and neighbours that
/// both views walk by one step are merged.
package struct PairedAxes {
    /// Steps are in elements: 0 where a view repeats what it shows, negative where it runs backward.
    package struct Axis {
        package var length = 1
        package var a = 1
        package var b = 1
    }

    package private(set) var axes: [Axis] = []

    /// - Precondition: as many steps as lengths.
    package init(_ lengths: [Int], _ a: [Int], _ b: [Int]) {
        precondition(a.count == lengths.count && b.count == lengths.count, "steps of other axes")
        for index in lengths.indices where lengths[index] != 1 {
            let next = Axis(length: lengths[index], a: a[index], b: b[index])
            if let last = axes.last, last.a == next.a * next.length, last.b == next.b * next.length {
                axes[axes.count - 1] = Axis(length: last.length * next.length, a: next.a, b: next.b)
            } else {
                axes.append(next)
            }
        }
    }

    /// Positions in the box.
    package var count: Int { axes.reduce(1) { $0 * $1.length } }

    /// The innermost axis, which is taken away; one of a single element where there is none.
    package mutating func removeInnermost() -> Axis { axes.popLast() ?? Axis() }

    /// Calls `body` with the positions in `range`, in row-major order, and where each lies in both views.
    @inline(__always)
    func forEach(in range: Range<Int>, _ body: (_ position: Int, _ a: Int, _ b: Int) -> Void) {
        let inner = axes.last ?? Axis()
        forEachRun(in: range) { position, a, b, count in
            for step in 0..<count { body(position &+ step, a &+ step &* inner.a, b &+ step &* inner.b) }
        }
    }

    /// Calls `body` with the positions in `range` in runs: the first of `count` positions along the innermost axis, and
    /// where it lies in both views. Offsets lie inside of tensors, so they do not overflow.
    @inline(__always)
    func forEachRun(in range: Range<Int>, _ body: (_ position: Int, _ a: Int, _ b: Int, _ count: Int) -> Void) {
        guard let inner = axes.last else {
            if !range.isEmpty { body(range.lowerBound, 0, 0, range.count) }
            return
        }
        let outer = axes.dropLast()
        var places = [Int](repeating: 0, count: outer.count)
        var (block, place) = range.lowerBound.quotientAndRemainder(dividingBy: inner.length)
        var (a, b) = (0, 0)
        for axis in outer.indices.reversed() {
            places[axis] = block % outer[axis].length
            block /= outer[axis].length
            a += places[axis] * outer[axis].a
            b += places[axis] * outer[axis].b
        }
        var position = range.lowerBound
        while position < range.upperBound {
            let count = min(inner.length &- place, range.upperBound &- position)
            body(position, a &+ place &* inner.a, b &+ place &* inner.b, count)
            position &+= count
            place = 0
            var axis = outer.count &- 1
            while axis >= 0 {
                let next = outer[axis]
                places[axis] &+= 1
                a &+= next.a
                b &+= next.b
                if places[axis] < next.length { break }
                a &-= next.length &* next.a
                b &-= next.length &* next.b
                places[axis] = 0
                axis &-= 1
            }
        }
    }
}
