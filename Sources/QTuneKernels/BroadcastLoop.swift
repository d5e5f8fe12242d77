internal import CQTuneKernels
package import QTuneTensor

/// Two operands and a dense output, walked as rows: in a row each operand either steps by 1 or stands still.
package struct BroadcastLoop {
    /// The axes outside of the rows.
    package let outer: PairedAxes
    /// Elements of a row.
    package let length: Int
    /// Steps in a row, 0 or 1.
    package let innerA: Int
    package let innerB: Int

    /// - Precondition: `a` and `b` broadcast to `output`.
    package init(_ a: Shape, _ b: Shape, output: Shape) {
        var axes = PairedAxes(
            output.dimensions, Self.strides(of: a, to: output), Self.strides(of: b, to: output))
        let inner = axes.removeInnermost()
        (length, innerA, innerB) = (inner.length, inner.a, inner.b)
        outer = axes
    }

    var operands: qt_operands {
        innerB == 0 ? QT_SECOND_IS_ONE : innerA == 0 ? QT_FIRST_IS_ONE : QT_BOTH_ARRAYS
    }

    var rows: Int { outer.count }

    /// Output elements that one call of a kernel makes: where they and their operands start.
    struct Run {
        let operands: qt_operands
        let a: Int
        let b: Int
        let output: Int
        let count: Int
    }

    /// Calls `body` with runs that cover the output, parts of at least `grain` elements on each thread.
    @inline(__always)
    func run(_ pool: ThreadPool, grain: Int, _ body: (Run) -> Void) {
        guard !outer.axes.isEmpty else {
            return pool.run(over: length, grain: grain) { range in
                let start = range.lowerBound
                body(Run(operands: operands, a: start * innerA, b: start * innerB, output: start, count: range.count))
            }
        }
        pool.run(over: rows, grain: max(1, grain / length)) { range in
            outer.forEach(in: range) { row, offsetA, offsetB in
                body(Run(operands: operands, a: offsetA, b: offsetB, output: row * length, count: length))
            }
        }
    }

    /// The steps through a tensor of `shape` when it is broadcast to `output`.
    package static func strides(of shape: Shape, to output: Shape) -> [Int] {
        let own = shape.strides
        return (0..<output.rank).map { axis in
            let ownAxis = axis - (output.rank - shape.rank)
            return ownAxis < 0 || shape[ownAxis] == 1 ? 0 : own[ownAxis]
        }
    }
}
