import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Shapes and loops of element-wise operators with NumPy's broadcasting.
enum Broadcasting {
    /// The shape that all shapes broadcast to.
    static func shape(of shapes: [Shape]) throws -> Shape {
        try shapes.reduce(.scalar) { result, shape in
            guard let both = result.broadcast(with: shape) else {
                throw QTuneError(.invalidInput, "shapes \(result) and \(shape) do not broadcast")
            }
            return both
        }
    }

    /// The axes that all operands broadcast to, as far as they are known; nil where a rank is not known.
    static func dimensions(of operands: [InferredValue]) throws -> [Dimension]? {
        var result: [Dimension] = []
        for operand in operands {
            guard let dimensions = operand.dimensions else { return nil }
            result = try broadcast(result, dimensions)
        }
        return result
    }

    /// The axes that `a` and `b` broadcast to.
    static func broadcast(_ a: [Dimension], _ b: [Dimension]) throws -> [Dimension] {
        let rank = max(a.count, b.count)
        return try (0..<rank).map { axis in
            let left = axis < rank - a.count ? .fixed(1) : a[axis - (rank - a.count)]
            let right = axis < rank - b.count ? .fixed(1) : b[axis - (rank - b.count)]
            switch (left, right) {
            case (.fixed(1), let other), (let other, .fixed(1)): return other
            case (.fixed(let x), .fixed(let y)):
                guard x == y else {
                    throw QTuneError(.invalidModel, "lengths \(x) and \(y) of axis \(axis) do not broadcast")
                }
                return left
            case (.fixed, _): return left
            case (_, .fixed): return right
            default:
                if left == right || DimensionArithmetic.isBounded(right, of: left) { return left }
                return DimensionArithmetic.isBounded(left, of: right) ? right : .unknown
            }
        }
    }

    /// Writes `combine` of the elements of `a` and `b` to `target`, to whose shape both broadcast.
    @inline(__always)
    static func combine<A: TensorElement, B: TensorElement, Result: TensorElement>(
        _ a: Tensor, _ b: Tensor, into target: Tensor, _ combine: (A, B) -> Result
    ) {
        guard target.count > 0 else { return }
        let rows = BroadcastLoop(a.shape, b.shape, output: target.shape)
        let (length, stepA, stepB) = (rows.length, rows.innerA, rows.innerB)
        a.withSpan(of: A.self) { a in
            b.withSpan(of: B.self) { b in
                target.withMutableSpan(of: Result.self) { target in
                    var walk = StridedWalk(
                        lengths: rows.outer.axes.map(\.length), first: rows.outer.axes.map(\.a),
                        second: rows.outer.axes.map(\.b))
                    var position = 0
                    while position < target.count {
                        var (i, j) = (walk.first, walk.second)
                        for _ in 0..<length {
                            target[position] = combine(a[i], b[j])
                            i &+= stepA
                            j &+= stepB
                            position &+= 1
                        }
                        walk.advance()
                    }
                }
            }
        }
    }

    /// `tensor` repeated to `shape`; the tensor itself where it has that shape.
    static func expanded(_ tensor: Tensor, to shape: Shape) -> Tensor {
        guard tensor.shape != shape else { return tensor }
        let result = Tensor(uninitialized: tensor.dtype, shape: shape)
        StridedCopy.fill(result, from: tensor, StridedView(strides: BroadcastLoop.strides(of: tensor.shape, to: shape)))
        return result
    }
}
