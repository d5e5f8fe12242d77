import QTuneKernels
import QTuneTensor

/// A tensor's matrices by batch and head: the vectors of a sequence, one a row.
struct HeadMatrices {
    let tensor: Tensor
    let batches: Int
    let heads: Int
    /// Length of the sequence.
    let rows: Int
    /// Elements of a vector.
    let columns: Int
    /// Elements between neighbouring rows.
    let rowStride: Int
    let headStride: Int
    let batchStride: Int
    /// Where the first vector starts.
    private let start: Int

    /// The matrices of a tensor [batch, heads, sequence, size], or [batch, sequence, heads * size] of which `heads`
    /// says how many there are.
    init(_ tensor: Tensor, heads: Int?) throws {
        let lengths = tensor.shape.dimensions
        guard lengths.allSatisfy({ $0 <= Int(Int32.max) }) else {
            throw QTuneError(.unsupported, "attention over \(tensor.shape)")
        }
        switch lengths.count {
        case 4:
            self.init(
                tensor, [lengths[0], lengths[1], lengths[2], lengths[3]],
                strides: [lengths[1] * lengths[2] * lengths[3], lengths[2] * lengths[3], lengths[3]], start: 0)
        case 3:
            // Nothing but the width bounds the number of heads.
            guard let heads, heads > 0, heads <= lengths[2], lengths[2] % heads == 0 else {
                throw QTuneError(
                    .invalidInput, "\(tensor.shape) does not divide into \(heads.map(String.init) ?? "unnamed") heads")
            }
            self.init(packed: tensor, at: 0, width: lengths[2], heads: heads)
        default: throw QTuneError(.invalidInput, "an attention operand of shape \(tensor.shape)")
        }
    }

    /// The matrices of `width` neighbouring elements of each vector of a tensor [batch, sequence, elements].
    /// - Precondition: `heads` divides `width`, and the elements are there.
    init(packed tensor: Tensor, at start: Int, width: Int, heads: Int) {
        let lengths = tensor.shape.dimensions
        self.init(
            tensor, [lengths[0], heads, lengths[1], width / heads],
            strides: [lengths[1] * lengths[2], width / heads, lengths[2]], start: start)
    }

    /// The matrices of one half of a tensor [2, batch, heads, sequence, size].
    init(half: Int, of tensor: Tensor) {
        let (lengths, strides) = (tensor.shape.dimensions, tensor.shape.strides)
        self.init(
            tensor, Array(lengths.dropFirst()), strides: Array(strides.dropFirst()), start: half * strides[0])
    }

    /// Matrices of `lengths`, [batches, heads, rows, columns], of which batches, heads and rows are `strides` apart
    /// and columns follow one another.
    /// - Precondition: the elements are there.
    init(_ tensor: Tensor, _ lengths: [Int], strides: [Int], start: Int = 0) {
        self.tensor = tensor
        (batches, heads, rows, columns) = (lengths[0], lengths[1], lengths[2], lengths[3])
        (batchStride, headStride, rowStride) = (strides[0], strides[1], strides[2])
        self.start = start
    }

    /// Where row `row` of a matrix starts.
    func offset(batch: Int, head: Int, row: Int = 0) -> Int {
        start + batch * batchStride + head * headStride + row * rowStride
    }

    /// Rows `range` of a matrix, as products take them.
    func place(_ batch: Int, _ head: Int, _ range: Range<Int>) -> MatrixPlace {
        MatrixPlace(
            tensor: tensor, offset: offset(batch: batch, head: head, row: range.lowerBound), stride: rowStride)
    }

    /// The matrices as the float32 kernels take them.
    var kernelOperand: FloatAttention.Matrices {
        FloatAttention.Matrices(
            tensor, offset: start, strides: (batchStride, headStride, rowStride), heads: heads, rows: rows,
            columns: columns)
    }

    /// The same view of another tensor.
    /// - Precondition: `other` has this tensor's shape.
    func over(_ other: Tensor) -> HeadMatrices {
        precondition(other.shape == tensor.shape, "\(other.shape), not \(tensor.shape)")
        return HeadMatrices(
            other, [batches, heads, rows, columns], strides: [batchStride, headStride, rowStride], start: start)
    }
}

/// A matrix in a tensor: where it starts and how far its rows are apart.
struct MatrixPlace {
    var tensor: Tensor
    var offset: Int
    var stride: Int
}

/// Element types that attention is computed in.
protocol AttentionElement: SteppedFloat {
    /// Writes `scale * a * b`, m x k times k x n; `b` is stored as n x k where `transposed` says so.
    static func multiply(
        m: Int, n: Int, k: Int, _ a: MatrixPlace, _ b: MatrixPlace, transposed: Bool, scale: Self, into c: MatrixPlace)
}

extension Float: AttentionElement {
    static func multiply(
        m: Int, n: Int, k: Int, _ a: MatrixPlace, _ b: MatrixPlace, transposed: Bool, scale: Float, into c: MatrixPlace
    ) {
        QTuneKernels.Gemm.multiply(
            m: m, n: n, k: k, a: a.tensor, aOffset: a.offset, aStride: a.stride, b: b.tensor, bOffset: b.offset,
            bStride: b.stride, transposeB: transposed, c: c.tensor, cOffset: c.offset, cStride: c.stride, alpha: scale)
    }
}

extension Double: AttentionElement {
    static func multiply(
        m: Int, n: Int, k: Int, _ a: MatrixPlace, _ b: MatrixPlace, transposed: Bool, scale: Double,
        into c: MatrixPlace
    ) {
        a.tensor.withSpan(of: Double.self) { left in
            b.tensor.withSpan(of: Double.self) { right in
                c.tensor.withMutableSpan(of: Double.self) { result in
                    for row in 0..<m {
                        for column in 0..<n {
                            var sum = 0.0
                            for step in 0..<k {
                                let place = transposed ? column * b.stride + step : step * b.stride + column
                                sum += left[a.offset + row * a.stride + step] * right[b.offset + place]
                            }
                            result[c.offset + row * c.stride + column] = scale * sum
                        }
                    }
                }
            }
        }
    }
}
