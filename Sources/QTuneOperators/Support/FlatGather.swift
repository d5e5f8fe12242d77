import QTuneKernels
import QTuneTensor

/// Copying elements from and to places given as lists. Tensors are of one carried type of 8, 16, 32 or 64 bits.
enum FlatGather {
    /// Writes to `target` the slices of `source` along `axis` at `places`, all of them in range.
    static func gather(_ source: Tensor, axis: Int, places: [Int], into target: Tensor) {
        let lengths = source.shape.dimensions
        let outer = lengths[..<axis].reduce(1, *)
        let run = lengths[(axis + 1)...].reduce(1, *)
        let offsets = (0..<outer).lazy.flatMap { block in places.lazy.map { (block * lengths[axis] + $0) * run } }
        gather(source, offsets: offsets, run: run, into: target)
    }

    /// Writes to `target` the runs of `source` that start at `offsets`, one after another.
    static func gather(_ source: Tensor, offsets: some Sequence<Int>, run: Int, into target: Tensor) {
        let width = target.dtype.bitWidth / 8
        if run * width >= leastCopiedBytes {
            return Layout.gatherRuns(of: run * width, from: source, at: offsets.map { $0 * width }, into: target)
        }
        switch target.dtype.bitWidth {
        case 8: gather(UInt8.self, source, offsets, run, target, .uint8)
        case 16: gather(UInt16.self, source, offsets, run, target, .uint16)
        case 32: gather(UInt32.self, source, offsets, run, target, .uint32)
        default: gather(UInt64.self, source, offsets, run, target, .uint64)
        }
    }

    /// Bytes of a run from which on it is copied at once.
    private static let leastCopiedBytes = 64

    private static func gather<Element: TensorElement>(
        _ type: Element.Type, _ source: Tensor, _ offsets: some Sequence<Int>, _ run: Int, _ target: Tensor,
        _ dtype: DType
    ) {
        source.reinterpreted(as: dtype).withSpan(of: type) { source in
            target.reinterpreted(as: dtype).withMutableSpan(of: type) { target in
                var position = 0
                for offset in offsets {
                    for step in 0..<run { target[position + step] = source[offset + step] }
                    position += run
                }
            }
        }
    }

    /// Writes to `target` the elements of `source` that indices name. Throws where one is out of range.
    static func gather(_ source: Tensor, at places: AxisIndices, into target: Tensor) throws {
        switch target.dtype.bitWidth {
        case 8: try gather(UInt8.self, source, places, target, .uint8)
        case 16: try gather(UInt16.self, source, places, target, .uint16)
        case 32: try gather(UInt32.self, source, places, target, .uint32)
        default: try gather(UInt64.self, source, places, target, .uint64)
        }
    }

    private static func gather<Element: TensorElement>(
        _ type: Element.Type, _ source: Tensor, _ places: AxisIndices, _ target: Tensor, _ dtype: DType
    ) throws {
        try source.reinterpreted(as: dtype).withSpan(of: type) { source in
            try places.numbers.withSpan(of: Int64.self) { numbers in
                try target.reinterpreted(as: dtype).withMutableSpan(of: type) { target in
                    var (rows, position) = (places.rows, 0)
                    while position < numbers.count {
                        let start = rows.first
                        for place in 0..<places.rowLength {
                            target[position] = source[try places.offset(of: numbers[position], at: place, from: start)]
                            position &+= 1
                        }
                        rows.advance()
                    }
                }
            }
        }
    }

    /// Writes the runs of `updates`, one after another, to `target` from `starts` on.
    static func scatter(_ updates: Tensor, starts: [Int], run: Int, into target: Tensor) {
        let width = target.dtype.bitWidth / 8
        if run * width >= leastCopiedBytes {
            for (index, start) in starts.enumerated() {
                target.copyBytes(index * run * width..<(index + 1) * run * width, of: updates, to: start * width)
            }
            return
        }
        switch target.dtype.bitWidth {
        case 8: scatter(UInt8.self, updates, starts, run, target, .uint8)
        case 16: scatter(UInt16.self, updates, starts, run, target, .uint16)
        case 32: scatter(UInt32.self, updates, starts, run, target, .uint32)
        default: scatter(UInt64.self, updates, starts, run, target, .uint64)
        }
    }

    private static func scatter<Element: TensorElement>(
        _ type: Element.Type, _ updates: Tensor, _ starts: [Int], _ run: Int, _ target: Tensor, _ dtype: DType
    ) {
        updates.reinterpreted(as: dtype).withSpan(of: type) { updates in
            target.reinterpreted(as: dtype).withMutableSpan(of: type) { target in
                var position = 0
                for start in starts {
                    for step in 0..<run { target[start + step] = updates[position + step] }
                    position += run
                }
            }
        }
    }

    /// Writes the elements of `updates` to the places `offsets` of `target`, combined with what is there.
    static func scatter<Element: TensorElement>(
        _ type: Element.Type, _ updates: Tensor, offsets: [Int], into target: Tensor,
        _ combine: (Element, Element) -> Element
    ) {
        updates.withSpan(of: type) { updates in
            target.withMutableSpan(of: type) { target in
                for (index, offset) in offsets.enumerated() { target[offset] = combine(target[offset], updates[index]) }
            }
        }
    }
}
