internal import QTuneTensor

/// How two operands broadcast to an output, as runs of output elements: along a run an operand either moves one
/// element at a time or stands still.
struct BroadcastRuns {
    /// Output elements of one run.
    private(set) var length = 1
    /// Runs, in the order of the output.
    private(set) var count = 1
    private(set) var aStands = true
    private(set) var bStands = true
    /// Axes outside the run, innermost first: their length, and elements that each operand moves by.
    private var axes: [(length: Int, a: Int, b: Int)] = []

    init(_ a: Shape, _ b: Shape, output: Shape) {
        precondition(a.broadcast(with: b) == output, "\(a) and \(b) do not broadcast to \(output)")
        let (aSteps, bSteps) = (Self.steps(a, rank: output.rank), Self.steps(b, rank: output.rank))
        for axis in stride(from: output.rank - 1, through: 0, by: -1) where output[axis] != 1 {
            let (n, aStep, bStep) = (output[axis], aSteps[axis], bSteps[axis])
            if let outer = axes.last, aStep == outer.a * outer.length, bStep == outer.b * outer.length {
                axes[axes.count - 1].length *= n
            } else {
                axes.append((n, aStep, bStep))
            }
        }
        if let inner = axes.first {
            axes.removeFirst()
            (length, aStands, bStands) = (inner.length, inner.a == 0, inner.b == 0)
        }
        count = axes.reduce(1) { $0 * $1.length }
    }

    /// Elements between neighbours along each output axis, 0 where the operand is stretched.
    private static func steps(_ shape: Shape, rank: Int) -> [Int] {
        let missing = rank - shape.rank
        let strides = shape.strides
        return (0..<rank).map { axis in
            axis < missing || shape[axis - missing] == 1 ? 0 : strides[axis - missing]
        }
    }

    /// Where run `index` starts in each operand.
    func starts(of index: Int) -> (a: Int, b: Int) {
        var (rest, a, b) = (index, 0, 0)
        for axis in axes {
            let position = rest % axis.length
            rest /= axis.length
            a += position * axis.a
            b += position * axis.b
        }
        return (a, b)
    }
}
