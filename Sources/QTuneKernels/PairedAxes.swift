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

    /// Calls `body` with the positions in `range`, in row-major order, and where each lies in both views. Offsets lie
    /// inside of tensors, so they do not overflow.
    @inline(__always)
    func forEach(in range: Range<Int>, _ body: (_ position: Int, _ a: Int, _ b: Int) -> Void) {
        guard let inner = axes.last else {
            for position in range { body(position, 0, 0) }
            return
        }
        let outer = axes.count - 1
        withUnsafeTemporaryAllocation(of: Int.self, capacity: outer) { places in
            var (block, place) = range.lowerBound.quotientAndRemainder(dividingBy: inner.length)
            var (a, b) = (place * inner.a, place * inner.b)
            for axis in (0..<outer).reversed() {
                places[axis] = block % axes[axis].length
                block /= axes[axis].length
                a += places[axis] * axes[axis].a
                b += places[axis] * axes[axis].b
            }
            for position in range {
                body(position, a, b)
                place &+= 1
                a &+= inner.a
                b &+= inner.b
                guard place == inner.length else { continue }
                place = 0
                a &-= inner.length &* inner.a
                b &-= inner.length &* inner.b
                var axis = outer &- 1
                while axis >= 0 {
                    let next = axes[axis]
                    places[axis] &+= 1
                    a &+= next.a
                    b &+= next.b
                    if places[axis] < next.length { break }
                    places[axis] = 0
                    a &-= next.length &* next.a
                    b &-= next.length &* next.b
                    axis &-= 1
                }
            }
        }
    }
}
