internal import CQTuneKernels
internal import QTuneTensor

/// Two operands and a dense output, walked as rows: in a row each operand either steps by 1 or stands still.
struct BroadcastLoop {
    struct Axis {
        var length: Int
        var strideA: Int
        var strideB: Int
    }

    /// Axes outside of the rows, outermost first; neighbours that one step walks are merged.
    private(set) var outer: [Axis] = []
    /// Elements of a row.
    private(set) var length = 1
    /// Steps in a row, 0 or 1.
    private(set) var innerA = 1
    private(set) var innerB = 1

    init(_ a: Shape, _ b: Shape, output: Shape) {
        let stridesA = Self.strides(of: a, broadcastTo: output)
        let stridesB = Self.strides(of: b, broadcastTo: output)
        var axes: [Axis] = []
        for axis in 0..<output.rank where output[axis] != 1 {
            let next = Axis(length: output[axis], strideA: stridesA[axis], strideB: stridesB[axis])
            if let last = axes.last, last.strideA == next.strideA * next.length,
                last.strideB == next.strideB * next.length
            {
                axes[axes.count - 1] = Axis(
                    length: last.length * next.length, strideA: next.strideA, strideB: next.strideB)
            } else {
                axes.append(next)
            }
        }
        if let inner = axes.popLast() {
            (length, innerA, innerB) = (inner.length, inner.strideA, inner.strideB)
        }
        outer = axes
    }

    var operands: qt_operands {
        innerB == 0 ? QT_SECOND_IS_ONE : innerA == 0 ? QT_FIRST_IS_ONE : QT_BOTH_ARRAYS
    }

    var rows: Int { outer.reduce(1) { $0 * $1.length } }

    /// Output elements that one call of a kernel makes: where they and their operands start.
    struct Run {
        let operands: qt_operands
        let a: Int
        let b: Int
        let output: Int
        let count: Int
    }

    /// Calls `body` with runs that cover the output, parts of at least `grain` elements on each thread.
    func run(_ pool: ThreadPool, grain: Int, _ body: (Run) -> Void) {
        guard !outer.isEmpty else {
            return pool.run(over: length, grain: grain) { range in
                let start = range.lowerBound
                body(Run(operands: operands, a: start * innerA, b: start * innerB, output: start, count: range.count))
            }
        }
        pool.run(over: rows, grain: max(1, grain / length)) { range in
            forEachRow(in: range) { row, offsetA, offsetB in
                body(Run(operands: operands, a: offsetA, b: offsetB, output: row * length, count: length))
            }
        }
    }

    /// Calls `body` with each row's index and where its operands start.
    private func forEachRow(in range: Range<Int>, _ body: (_ row: Int, _ offsetA: Int, _ offsetB: Int) -> Void) {
        var position = [Int](repeating: 0, count: outer.count)
        var (rest, offsetA, offsetB) = (range.lowerBound, 0, 0)
        for axis in outer.indices.reversed() {
            position[axis] = rest % outer[axis].length
            rest /= outer[axis].length
            offsetA += position[axis] * outer[axis].strideA
            offsetB += position[axis] * outer[axis].strideB
        }
        for row in range {
            body(row, offsetA, offsetB)
            var axis = outer.count - 1
            while axis >= 0 {
                position[axis] += 1
                offsetA += outer[axis].strideA
                offsetB += outer[axis].strideB
                if position[axis] < outer[axis].length { break }
                offsetA -= outer[axis].length * outer[axis].strideA
                offsetB -= outer[axis].length * outer[axis].strideB
                position[axis] = 0
                axis -= 1
            }
        }
    }

    private static func strides(of shape: Shape, broadcastTo output: Shape) -> [Int] {
        let own = shape.strides
        return (0..<output.rank).map { axis in
            let ownAxis = axis - (output.rank - shape.rank)
            return ownAxis < 0 || shape[ownAxis] == 1 ? 0 : own[ownAxis]
        }
    }
}
