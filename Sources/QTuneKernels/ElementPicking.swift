internal import CQTuneKernels
package import QTuneTensor

/// Tensors made of elements of another, place by place along axes.
package enum ElementPicking {
    /// Writes to each element of `output` that of `input` whose place along axis `i` is `places[i]` at its own place.
    /// Axes without places stay.
    /// - Precondition: elements of whole bytes; every place lies on its axis.
    package static func pick(
        _ input: Tensor, _ places: [[Int]?], into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        let lengths = input.shape.dimensions
        precondition(input.dtype.bitWidth == output.dtype.bitWidth, "elements of unlike width")
        precondition(places.count == lengths.count, "places along \(places.count) axes of \(input.shape)")
        precondition(
            output.shape.dimensions == zip(lengths, places).map { $1?.count ?? $0 }, "output has another shape")
        precondition(
            zip(lengths, places).allSatisfy { length, places in
                places?.allSatisfy { (0..<length).contains($0) } ?? true
            }, "a place outside of its axis")
        guard output.count > 0 else { return }
        let walk = PickingWalk(lengths, places, elementBytes: input.dtype.bitWidth / 8)
        walk.run(
            from: input.unsafeElements(UInt8.self), to: output.unsafeElements(UInt8.self),
            kernel: FloatKernels.resample(for: tier), pool: pool)
        extendLifetime((input, output))
    }
}

/// Rows of every so many elements of other rows.
package struct SteppedRows: Sendable {
    /// Elements of a row that results.
    private let columns: Int
    /// Elements from one that is taken to the next.
    private let step: Int
    private let places: [Int32]

    /// - Precondition: no row that is read has more than 2^31 elements.
    package init(columns: Int, step: Int) {
        precondition(columns >= 0 && step > 0 && columns * step <= Int32.max, "\(columns) elements \(step) apart")
        (self.columns, self.step) = (columns, step)
        places = (0..<columns).map { Int32($0 * step) }
    }

    /// Moves `count` rows: that number `i` begins at element `source + i * stride` of `input`, and its elements follow
    /// one another from element `target + i * columns` of `output` on.
    /// - Precondition: elements of 4 bytes; all of them lie inside of the tensors.
    package func move(
        _ count: Int, of input: Tensor, from source: Int, stride: Int, into output: Tensor, at target: Int,
        tier: CPUTier? = nil
    ) {
        guard count > 0, columns > 0 else { return }
        precondition(input.dtype.bitWidth == 32 && output.dtype.bitWidth == 32, "elements of another width")
        let width = (columns - 1) * step + 1
        precondition(source >= 0 && stride >= 0 && source + (count - 1) * stride + width <= input.count, "outside")
        precondition(target >= 0 && target + count * columns <= output.count, "outside")
        let from = UnsafePointer(input.unsafeElements(Float.self)) + source
        let to = output.unsafeElements(Float.self) + target
        places.withUnsafeBufferPointer { places in
            var taps = qt_resample_taps(
                indices: places.baseAddress, weights: nil, taps: 1, width: width, length: columns)
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { sources in
                withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: count) { targets in
                    for row in 0..<count {
                        sources[row] = from + row * stride
                        targets[row] = to + row * columns
                    }
                    FloatKernels.resample(for: tier).along(sources.baseAddress, targets.baseAddress, count, &taps)
                }
            }
        }
        extendLifetime((input, output))
    }
}

/// Rows of the result, each of which is picked from one row of the source.
private struct PickingWalk {
    /// Bytes that stay together.
    private let run: Int
    /// Runs of a row before, and which of them make up a row after.
    private let sourceRuns: Int
    private let columns: [Int32]
    /// For each row of the result its row of the source.
    private let rows: [Int]

    /// Bytes worth a part of their own.
    private static let grain = 65_536
    /// Rows that are picked at once, few enough to stay in the cache.
    private static let batch = 1024

    init(_ lengths: [Int], _ places: [[Int]?], elementBytes: Int) {
        let last = places.lastIndex { $0 != nil } ?? max(0, lengths.count - 1)
        let innerElements = last < lengths.count ? lengths[(last + 1)...].reduce(1, *) : 1
        let whole = innerElements * elementBytes
        // Short runs of whole words are taken word by word, many at a time.
        let words = whole % 4 == 0 && whole <= 32 && whole != 8 ? whole / 4 : 1
        run = whole / words
        let length = last < lengths.count ? lengths[last] : 1
        sourceRuns = length * words
        let picked = last < lengths.count ? places[last] ?? Array(0..<length) : [0]
        columns = picked.flatMap { place in (0..<words).map { Int32(place * words + $0) } }
        var rows = [0]
        for axis in 0..<last {
            let (steps, length) = (places[axis], lengths[axis])
            let count = steps?.count ?? length
            let before = rows
            rows = [Int](unsafeUninitializedCapacity: before.count * count) { rows, initialized in
                for index in before.indices {
                    let start = before[index] * length
                    if let steps {
                        for step in 0..<count { rows[index * count + step] = start + steps[step] }
                    } else {
                        for step in 0..<count { rows[index * count + step] = start + step }
                    }
                }
                initialized = before.count * count
            }
        }
        self.rows = rows
    }

    func run(
        from source: UnsafeMutablePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>, kernel: qt_f32_resample_row,
        pool: ThreadPool
    ) {
        let (sourceBytes, targetBytes) = (sourceRuns * run, columns.count * run)
        pool.run(over: rows.count, grain: max(1, Self.grain / max(1, targetBytes))) { range in
            if run == 4 { return pickWords(range, source, target, kernel) }
            for row in range {
                let place = target + row * targetBytes
                if row > range.lowerBound, rows[row] == rows[row - 1] {
                    place.update(from: place - targetBytes, count: targetBytes)
                } else {
                    pick(UnsafePointer(source) + rows[row] * sourceBytes, place)
                }
            }
        }
    }

    private func pick(_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        switch run {
        case 1: pickElements(UInt8.self, source, target)
        case 2: pickElements(UInt16.self, source, target)
        case 8: pickElements(UInt64.self, source, target)
        default:
            for (index, column) in columns.enumerated() {
                (target + index * run).update(from: source + Int(column) * run, count: run)
            }
        }
    }

    private func pickElements<Element: FixedWidthInteger>(
        _: Element.Type, _ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>
    ) {
        let source = UnsafeRawPointer(source).assumingMemoryBound(to: Element.self)
        let target = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Element.self)
        columns.withUnsafeBufferPointer { columns in
            for index in columns.indices { target[index] = source[Int(columns[index])] }
        }
    }

    /// Rows of words, which the kernel picks faster than a copy of a row that is there already.
    private func pickWords(
        _ range: Range<Int>, _ source: UnsafeMutablePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>,
        _ kernel: qt_f32_resample_row
    ) {
        let from = UnsafeRawPointer(source).assumingMemoryBound(to: Float.self)
        let to = UnsafeMutableRawPointer(target).assumingMemoryBound(to: Float.self)
        columns.withUnsafeBufferPointer { columns in
            var taps = qt_resample_taps(
                indices: columns.baseAddress, weights: nil, taps: 1, width: sourceRuns, length: columns.count)
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: Self.batch) { sources in
                withUnsafeTemporaryAllocation(of: UnsafeMutablePointer<Float>?.self, capacity: Self.batch) { targets in
                    for start in stride(from: range.lowerBound, to: range.upperBound, by: Self.batch) {
                        let count = min(range.upperBound - start, Self.batch)
                        for index in 0..<count {
                            sources[index] = from + rows[start + index] * sourceRuns
                            targets[index] = to + (start + index) * columns.count
                        }
                        kernel.along(sources.baseAddress, targets.baseAddress, count, &taps)
                    }
                }
            }
        }
    }
}
