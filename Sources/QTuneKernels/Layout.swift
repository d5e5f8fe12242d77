internal import CQTuneKernels
package import QTuneTensor

/// Moves elements without changing them.
package enum Layout {
    /// Writes `x` with its axes reordered into `output`: axis `i` of the output is axis `permutation[i]` of `x`.
    /// - Precondition: elements of 1, 2, 4, 8 or 16 whole bytes; the output has the permuted shape and bytes of its
    ///   own.
    package static func transpose(
        _ x: Tensor, permutation: [Int], into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype.bitWidth >= 8 && x.dtype.bitWidth == output.dtype.bitWidth, "elements of unlike width")
        precondition(permutation.sorted() == Array(0..<x.shape.rank), "\(permutation) is no permutation")
        precondition(output.shape == Shape(permutation.map { x.shape[$0] }), "output has another shape")
        guard x.count > 0 else { return }
        let loop = TransposeLoop(shape: x.shape, permutation: permutation)
        let width = x.dtype.bitWidth / 8
        let source = x.unsafeElements(UInt8.self)
        let target = output.unsafeElements(UInt8.self)
        let kernel = FloatKernels.transpose(for: tier)
        let perMatrix = loop.rows * loop.columns
        // A job's part is a run of rows of one matrix, or of columns where rows are few, or of whole matrices where
        // those are small.
        let cutsColumns = loop.rows < 16 && !loop.copiesRows
        let (rows, columns) = (loop.rows, loop.columns)
        let bands = max(1, min((cutsColumns ? columns : rows) / 16, perMatrix * width / 65_536))
        let count = loop.matrices * bands
        pool.run(over: count, grain: max(1, 65_536 / max(1, perMatrix * width / bands))) { range in
            for item in range {
                let (sourceStart, targetStart) = loop.starts(of: item / bands)
                let band = item % bands
                let cut = { (length: Int) in length * band / bands..<length * (band + 1) / bands }
                loop.move(
                    rows: cutsColumns ? 0..<rows : cut(rows), columns: cutsColumns ? cut(columns) : 0..<columns,
                    from: source + sourceStart * width, to: target + targetStart * width, width: width, kernel: kernel)
            }
        }
        extendLifetime((x, output))
    }
}

extension Layout {
    /// Writes runs of `bytes` bytes one after another into `target`, from those places of `source`, in bytes.
    /// - Precondition: the runs lie inside of the tensors, which share no bytes.
    package static func gatherRuns(
        of bytes: Int, from source: Tensor, at places: [Int], into target: Tensor
    ) {
        guard bytes > 0, let start = source.rawBytes.baseAddress else { return }
        let last = source.byteCount - bytes
        var (position, end) = (UnsafeMutableRawPointer(target.unsafeElements(UInt8.self)), target.byteCount)
        for place in places {
            precondition(place >= 0 && place <= last && end >= bytes, "runs outside")
            position.copyMemory(from: start + place, byteCount: bytes)
            position += bytes
            end -= bytes
        }
        extendLifetime((source, target))
    }
}

/// A permutation of axes as many equal matrix transposes, or copies of runs.
private struct TransposeLoop {
    private struct Axis {
        var length: Int
        var sourceStride: Int
        var targetStride: Int
    }

    /// Rows of the source matrix, which are columns of the target.
    private(set) var rows = 1
    private(set) var columns = 1
    /// Elements from one source row to the next, and from one target row (source column) to the next.
    private(set) var sourceStride = 1
    private(set) var targetStride = 1
    /// Where the innermost axis stays innermost: rows are copied whole, `targetStride` apart.
    private(set) var copiesRows = false
    private var outer: [Axis] = []

    init(shape: Shape, permutation: [Int]) {
        var axes: [Axis] = []
        let sourceStrides = shape.strides
        let targetStrides = Shape(permutation.map { shape[$0] }).strides
        for (position, axis) in permutation.enumerated() where shape[axis] != 1 {
            let next = Axis(
                length: shape[axis], sourceStride: sourceStrides[axis], targetStride: targetStrides[position])
            if let last = axes.last, last.sourceStride == next.sourceStride * next.length {
                axes[axes.count - 1] = Axis(
                    length: last.length * next.length, sourceStride: next.sourceStride, targetStride: next.targetStride)
            } else {
                axes.append(next)
            }
        }
        // In the output's order: the last axis is dense in the target, the one of source stride 1 dense in the source.
        guard let inner = axes.popLast() else { return }
        if inner.sourceStride == 1 {
            copiesRows = true
            columns = inner.length
            if let next = axes.popLast() {
                (rows, sourceStride, targetStride) = (next.length, next.sourceStride, next.targetStride)
            }
        } else {
            (rows, sourceStride) = (inner.length, inner.sourceStride)
            if let dense = axes.firstIndex(where: { $0.sourceStride == 1 }) {
                (columns, targetStride) = (axes[dense].length, axes[dense].targetStride)
                axes.remove(at: dense)
            }
        }
        outer = axes
    }

    var matrices: Int { outer.reduce(1) { $0 * $1.length } }

    func starts(of matrix: Int) -> (source: Int, target: Int) {
        var (rest, source, target) = (matrix, 0, 0)
        for axis in outer.reversed() {
            source += rest % axis.length * axis.sourceStride
            target += rest % axis.length * axis.targetStride
            rest /= axis.length
        }
        return (source, target)
    }

    /// Moves a part of the matrix that starts at `source` and `target`: all columns of it where rows are copied.
    func move(
        rows: Range<Int>, columns: Range<Int>, from source: UnsafePointer<UInt8>,
        to target: UnsafeMutablePointer<UInt8>, width: Int, kernel: qt_transpose_row
    ) {
        guard copiesRows else {
            let (top, left) = (rows.lowerBound, columns.lowerBound)
            kernel.run(
                width, source + (top * sourceStride + left) * width, sourceStride,
                target + (left * targetStride + top) * width, targetStride, rows.count, columns.count)
            return
        }
        for row in rows {
            (target + row * targetStride * width).update(
                from: source + row * sourceStride * width, count: columns.count * width)
        }
    }
}
