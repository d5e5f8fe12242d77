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

    /// The steps through a tensor of `shape` when it is broadcast to `target`.
    static func strides(of shape: Shape, to target: Shape) -> [Int] {
        let own = shape.strides
        let extra = target.rank - shape.rank
        return (0..<target.rank).map { axis in
            axis < extra || shape[axis - extra] == 1 ? 0 : own[axis - extra]
        }
    }

    /// Writes `combine` of the elements of `a` and `b` to `target`, to whose shape both broadcast.
    @inline(__always)
    static func combine<A: TensorElement, B: TensorElement, Result: TensorElement>(
        _ a: Tensor, _ b: Tensor, into target: Tensor, _ combine: (A, B) -> Result
    ) {
        guard target.count > 0 else { return }
        let pairs = PairedRows(a.shape, b.shape, target.shape)
        a.withSpan(of: A.self) { a in
            b.withSpan(of: B.self) { b in
                target.withMutableSpan(of: Result.self) { target in
                    var walk = pairs.walk
                    var position = 0
                    while position < target.count {
                        var (i, j) = (walk.first, walk.second)
                        for _ in 0..<pairs.rowLength {
                            target[position] = combine(a[i], b[j])
                            i &+= pairs.firstStep
                            j &+= pairs.secondStep
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
        StridedCopy.fill(result, from: tensor, StridedView(strides: strides(of: tensor.shape, to: shape)))
        return result
    }
}

/// Two operands of one result as rows: axes that both run through densely, or both repeat, are one.
private struct PairedRows {
    let walk: StridedWalk
    let rowLength: Int
    let firstStep: Int
    let secondStep: Int

    init(_ a: Shape, _ b: Shape, _ target: Shape) {
        let first = Broadcasting.strides(of: a, to: target)
        let second = Broadcasting.strides(of: b, to: target)
        var (lengths, firstSteps, secondSteps): ([Int], [Int], [Int]) = ([], [], [])
        for axis in 0..<target.rank where target[axis] != 1 {
            let length = target[axis]
            if let last = lengths.indices.last, firstSteps[last] == length * first[axis],
                secondSteps[last] == length * second[axis]
            {
                lengths[last] *= length
                firstSteps[last] = first[axis]
                secondSteps[last] = second[axis]
            } else {
                lengths.append(length)
                firstSteps.append(first[axis])
                secondSteps.append(second[axis])
            }
        }
        rowLength = lengths.popLast() ?? 1
        firstStep = firstSteps.popLast() ?? 0
        secondStep = secondSteps.popLast() ?? 0
        walk = StridedWalk(lengths: lengths, first: firstSteps, second: secondSteps)
    }
}
