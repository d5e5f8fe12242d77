internal import CQTuneKernels
package import QTuneTensor

/// How the elements of a resized axis are made of those it had: each is a weighted sum of a few.
package struct AxisTaps: Sendable {
    /// Elements before and after.
    package let input: Int
    package let output: Int
    /// Terms of each sum.
    package let taps: Int
    /// For each tap, for each element of the result, the element it reads.
    let indices: [Int32]
    /// In the same order; a term whose weight is 0 does not count, whatever the element is.
    let weights: [Float]

    /// - Parameters:
    ///   - indices: for each element of the result the elements it reads, as many for each.
    ///   - weights: in the same order.
    package init(input: Int, indices: [[Int]], weights: [[Float]]) {
        let taps = indices.first?.count ?? 0
        precondition(
            indices.count == weights.count && zip(indices, weights).allSatisfy { $0.count == taps && $1.count == taps },
            "as many taps for each element")
        precondition(indices.joined().allSatisfy { (0..<input).contains($0) } && input <= Int32.max, "no such element")
        self.input = input
        self.taps = taps
        output = indices.count
        self.indices = (0..<taps).flatMap { tap in indices.map { Int32($0[tap]) } }
        self.weights = (0..<taps).flatMap { tap in weights.map { $0[tap] } }
    }

    private init(input: Int, output: Int, taps: Int, indices: [Int32], weights: [Float]) {
        (self.input, self.output, self.taps) = (input, output, taps)
        (self.indices, self.weights) = (indices, weights)
    }

    /// Term `tap` of the sum that is element `place` of the result.
    package func term(_ tap: Int, of place: Int) -> (element: Int, weight: Float) {
        (Int(indices[tap * output + place]), weights[tap * output + place])
    }

    /// The same for rows of pixels of `channels` elements, element by element.
    fileprivate func repeated(channels: Int) -> AxisTaps {
        guard channels > 1 else { return self }
        return AxisTaps(
            input: input * channels, output: output * channels, taps: taps,
            indices: indices.flatMap { place in (0..<channels).map { place * Int32(channels) + Int32($0) } },
            weights: weights.flatMap { [Float](repeating: $0, count: channels) })
    }

    /// The elements that those of the result in `range` read, and whatever lies between them.
    fileprivate func reads(of range: Range<Int>) -> Range<Int> {
        var (least, most) = (input, -1)
        for tap in 0..<taps {
            for place in indices[tap * output + range.lowerBound..<tap * output + range.upperBound] {
                (least, most) = (min(least, Int(place)), max(most, Int(place)))
            }
        }
        return least..<max(least, most + 1)
    }
}

/// Interpolation along axes of float32 tensors.
package enum Resampling {
    /// Resizes the axes of `input` that `axes` has taps for; the others stay.
    /// - Precondition: float32; `output` has the resulting shape and no length of 0.
    package static func interpolate(
        _ input: Tensor, _ axes: [AxisTaps?], into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(input.dtype == .float32 && output.dtype == .float32, "not float32")
        var lengths = input.shape.dimensions
        precondition(axes.count == lengths.count, "taps for \(axes.count) axes of \(input.shape)")
        var changed = axes.indices.filter { axes[$0] != nil }
        guard !changed.isEmpty else { return output.copyBytes(0..<input.byteCount, of: input, to: 0) }
        var current = input
        while !changed.isEmpty {
            // Two neighbouring axes at the end are done in one pass, and nothing between lies in memory as a whole.
            let isPair = changed.count == 2 && changed[1] == changed[0] + 1
            let (first, last) = (changed[0], changed[isPair ? 1 : 0])
            let outer = lengths[..<first].reduce(1, *)
            let inner = lengths[(last + 1)...].reduce(1, *)
            for axis in first...last {
                precondition(axes[axis]?.input ?? lengths[axis] == lengths[axis], "taps of an axis of another length")
                lengths[axis] = axes[axis]?.output ?? lengths[axis]
            }
            changed.removeFirst(isPair ? 2 : 1)
            let target = changed.isEmpty ? output : Tensor(uninitialized: .float32, shape: Shape(lengths))
            precondition(target.shape.dimensions == lengths, "\(output.shape) is not the shape that results")
            let pass = ResamplingPass(
                outer: outer, rows: axes[first], columns: isPair ? axes[last] : nil, inner: inner, tier: tier)
            pass.run(current, into: target, pool: pool)
            current = target
        }
    }
}

/// A pass over [outer, rows, columns, inner] that resamples rows, columns or both.
private struct ResamplingPass {
    private let outer: Int
    /// nil where rows stay as they are; then they count among the outer ones.
    private let rows: AxisTaps?
    private let columns: AxisTaps?
    /// Floats of an element of the columns that stay together.
    private let inner: Int
    private let kernel: qt_f32_resample_row
    /// Floats of a row before and after.
    private let sourceRow: Int
    private let targetRow: Int

    /// Pixels of fewer floats are taken apart.
    private static let narrow = 16
    /// Floats of resampled rows that wait in the cache to be joined, about.
    private static let bandFloats = 49_152
    /// Floats worth a part of their own.
    private static let grain = 16_384

    init(outer: Int, rows: AxisTaps?, columns: AxisTaps?, inner: Int, tier: CPUTier?) {
        kernel = FloatKernels.resample(for: tier)
        var (rows, columns, inner) = (rows, columns, inner)
        // The last axis alone is one of columns.
        if columns == nil, inner < Self.narrow { (rows, columns) = (nil, rows) }
        if let taps = columns, inner < Self.narrow { (columns, inner) = (taps.repeated(channels: inner), 1) }
        (self.outer, self.rows, self.columns, self.inner) = (outer, rows, columns, inner)
        sourceRow = (columns?.input ?? 1) * inner
        targetRow = (columns?.output ?? 1) * inner
    }

    func run(_ input: Tensor, into output: Tensor, pool: ThreadPool) {
        let source = UnsafePointer(input.unsafeElements(Float.self))
        let target = output.unsafeElements(Float.self)
        guard let rows else {
            pool.run(over: outer, grain: max(1, Self.grain / targetRow)) { range in
                alongColumns(source + range.lowerBound * sourceRow, target + range.lowerBound * targetRow, range.count)
            }
            return extendLifetime((input, output))
        }
        // Bands overlap by the rows that both read, so they are as high as the cache allows, unless threads wait.
        let perThread = (rows.output * outer + pool.threads - 1) / pool.threads
        let high = max(4, min(Self.bandFloats * rows.output / max(1, rows.input * targetRow), perThread))
        let bands = (rows.output + high - 1) / high
        pool.run(over: outer * bands, grain: max(1, Self.grain / (min(high, rows.output) * targetRow))) { range in
            for part in range {
                let (plane, band) = (part / bands, part % bands)
                resample(
                    rows, rows.output * band / bands..<rows.output * (band + 1) / bands,
                    source + plane * rows.input * sourceRow, target + plane * rows.output * targetRow)
            }
        }
        extendLifetime((input, output))
    }

    /// The rows `band` of one result.
    private func resample(
        _ rows: AxisTaps, _ band: Range<Int>, _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
    ) {
        guard columns != nil else { return joinRows(rows, band, from: source, into: target) }
        let reads = rows.reads(of: band)
        guard !reads.isEmpty else { return joinRows(rows, band, from: source, into: target) }
        ScratchMemory.withFloats(reads.count * targetRow) { scratch in
            alongColumns(source + reads.lowerBound * sourceRow, scratch, reads.count)
            joinRows(rows, band, from: UnsafePointer(scratch), first: reads.lowerBound, into: target)
        }
    }

    /// Resamples the columns of `count` rows.
    private func alongColumns(_ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int) {
        guard let columns else { return }
        columns.withTaps { taps in
            var taps = taps
            guard inner == 1 else {
                for row in 0..<count { kernel.pixels(source + row * sourceRow, target + row * targetRow, inner, &taps) }
                return
            }
            var from = (0..<count).map { Optional(source + $0 * sourceRow) }
            var to = (0..<count).map { Optional(target + $0 * targetRow) }
            kernel.along(&from, &to, count, &taps)
        }
    }

    /// Writes the rows `band`, weighted sums of rows of which row number `first` lies at `source`.
    private func joinRows(
        _ rows: AxisTaps, _ band: Range<Int>, from source: UnsafePointer<Float>, first: Int = 0,
        into target: UnsafeMutablePointer<Float>
    ) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: max(1, rows.taps)) { pointers in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: max(1, rows.taps)) { weights in
                for row in band {
                    var count = 0
                    for tap in 0..<rows.taps {
                        let (place, weight) = rows.term(tap, of: row)
                        guard weight != 0 else { continue }
                        pointers[count] = source + (place - first) * targetRow
                        weights[count] = weight
                        count += 1
                    }
                    kernel.across(pointers.baseAddress, weights.baseAddress, count, target + row * targetRow, targetRow)
                }
            }
        }
    }
}

extension AxisTaps {
    /// Calls `body` with the taps as kernels take them.
    fileprivate func withTaps(_ body: (qt_resample_taps) -> Void) {
        indices.withUnsafeBufferPointer { indices in
            weights.withUnsafeBufferPointer { weights in
                body(
                    qt_resample_taps(
                        indices: indices.baseAddress, weights: weights.baseAddress, taps: taps, width: input,
                        length: output))
            }
        }
    }
}
