import QTuneTensor

/// A view of a tensor's elements: a start and a step along each axis of some box. Steps of 0 repeat, negative ones
/// run backward.
struct StridedView {
    var offset = 0
    var strides: [Int]
}

/// Copying between views, which is what slices, transpositions, repetitions and paddings are.
enum StridedCopy {
    /// Copies a box of `lengths` from a view of `source` to a view of `target`.
    /// - Precondition: both are of one type of 8, 16, 32 or 64 bits, and the views stay inside.
    static func copy(_ lengths: [Int], from source: Tensor, _ from: StridedView, to target: Tensor, _ to: StridedView) {
        let box = Box(lengths, from, to)
        switch target.dtype.bitWidth {
        case 8: box.copy(UInt8.self, source.reinterpreted(as: .uint8), target.reinterpreted(as: .uint8))
        case 16: box.copy(UInt16.self, source.reinterpreted(as: .uint16), target.reinterpreted(as: .uint16))
        case 32: box.copy(UInt32.self, source.reinterpreted(as: .uint32), target.reinterpreted(as: .uint32))
        case 64: box.copy(UInt64.self, source.reinterpreted(as: .uint64), target.reinterpreted(as: .uint64))
        case let bits: preconditionFailure("elements of \(bits) bits need a carrier")
        }
    }

    /// Copies a box of `source`, seen through a view, into the whole of `target`.
    static func fill(_ target: Tensor, from source: Tensor, _ from: StridedView) {
        copy(target.shape.dimensions, from: source, from, to: target, StridedView(strides: target.shape.strides))
    }
}

/// The axes of a copy, with neighbours merged that both views step through alike.
private struct Box {
    private var lengths: [Int] = []
    private var from: StridedView
    private var to: StridedView

    init(_ lengths: [Int], _ from: StridedView, _ to: StridedView) {
        self.from = StridedView(offset: from.offset, strides: [])
        self.to = StridedView(offset: to.offset, strides: [])
        for axis in lengths.indices where lengths[axis] != 1 {
            if let last = self.lengths.indices.last,
                self.from.strides[last] == lengths[axis] * from.strides[axis],
                self.to.strides[last] == lengths[axis] * to.strides[axis]
            {
                self.lengths[last] *= lengths[axis]
                self.from.strides[last] = from.strides[axis]
                self.to.strides[last] = to.strides[axis]
            } else {
                self.lengths.append(lengths[axis])
                self.from.strides.append(from.strides[axis])
                self.to.strides.append(to.strides[axis])
            }
        }
    }

    func copy<Element: TensorElement>(_ type: Element.Type, _ source: Tensor, _ target: Tensor) {
        guard !lengths.contains(0) else { return }
        let inner = lengths.last ?? 1
        let (fromStep, toStep) = (from.strides.last ?? 1, to.strides.last ?? 1)
        source.withSpan(of: type) { source in
            target.withMutableSpan(of: type) { target in
                var walk = StridedWalk(
                    lengths: Array(lengths.dropLast()), first: Array(from.strides.dropLast()),
                    second: Array(to.strides.dropLast()),
                    firstOffset: from.offset, secondOffset: to.offset)
                for _ in 0..<walk.count {
                    var (a, b) = (walk.first, walk.second)
                    for _ in 0..<inner {
                        target[b] = source[a]
                        a &+= fromStep
                        b &+= toStep
                    }
                    walk.advance()
                }
            }
        }
    }
}
