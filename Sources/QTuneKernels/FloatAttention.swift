internal import CQTuneKernels
package import QTuneTensor

/// `softmax(scale * Q * K^T + bias) * V` in float32 for each batch and head, a few queries at a time.
///
/// Keys and values of a head are packed once, a block of them at a time, and stay in the second-level cache; the scores
/// of a tile of queries live in the first. Every sum's order depends on the number of keys alone, so results have the
/// same bits for any number of threads.
package struct FloatAttention {
    /// Matrices by batch and head in a float32 tensor; columns follow one another.
    package struct Matrices: Sendable {
        let tensor: Tensor
        let offset: Int
        let batchStride: Int
        let headStride: Int
        let rowStride: Int
        let heads: Int
        let rows: Int
        let columns: Int

        /// - Parameters:
        ///   - offset: where the first row of the first matrix starts.
        ///   - strides: elements between neighbouring batches, heads and rows; 0 repeats one.
        ///   - heads: how many there are; neighbouring groups of the queries' heads share them.
        package init(
            _ tensor: Tensor, offset: Int, strides: (batch: Int, head: Int, row: Int), heads: Int, rows: Int,
            columns: Int
        ) {
            self.tensor = tensor
            self.offset = offset
            (batchStride, headStride, rowStride) = strides
            (self.heads, self.rows, self.columns) = (heads, rows, columns)
        }

        fileprivate func fit(batches: Int) -> Bool {
            guard batches > 0, heads > 0, rows > 0, columns > 0 else { return true }
            let last =
                offset + (batches - 1) * batchStride + (heads - 1) * headStride + (rows - 1) * rowStride + columns
            return tensor.dtype == .float32 && min(offset, batchStride, headStride, rowStride) >= 0
                && last <= tensor.count
        }
    }

    /// Numbers that change the scores of neighbouring keys, one behind the other.
    package struct Bias: Sendable {
        let tensor: Tensor
        let batchStride: Int
        let headStride: Int
        let rowStride: Int
        let keys: Int
        let replaces: Bool

        /// - Parameters:
        ///   - strides: elements between neighbouring batches, heads and queries; 0 where they meet the same numbers.
        ///   - keys: numbers for each query; further keys must be hidden by `visible`.
        ///   - replaces: whether a number other than 0 stands for the score itself, rather than being added to it.
        package init(
            _ tensor: Tensor, strides: (batch: Int, head: Int, row: Int), keys: Int, replaces: Bool = false
        ) {
            self.tensor = tensor
            (batchStride, headStride, rowStride) = strides
            (self.keys, self.replaces) = (keys, replaces)
        }

        fileprivate func fit(batches: Int, heads: Int, rows: Int) -> Bool {
            guard batches > 0, heads > 0, rows > 0, keys > 0 else { return true }
            let last = (batches - 1) * batchStride + (heads - 1) * headStride + (rows - 1) * rowStride + keys
            return tensor.dtype == .float32 && min(batchStride, headStride, rowStride) >= 0 && last <= tensor.count
        }
    }

    let batches: Int
    let queries: Matrices
    let keys: Matrices
    let values: Matrices
    package var scale: Float = 1
    /// Scores are bent to `softcap * tanh(score / softcap)` where it is positive, before the bias changes them.
    package var softcap: Float = 0
    package var bias: Bias?
    /// The keys that a query sees; nil where each sees all.
    package var visible: ((_ batch: Int, _ row: Int) -> Range<Int>)?
    /// Whether queries that see no key give 0; otherwise they give NaN, as a softmax over minus infinity does.
    package var clearsHiddenRows = true

    /// - Precondition: matrices that lie in their tensors, of one number of columns in queries and keys and of one
    ///   number of rows in keys and values; heads of keys and of values that divide those of queries.
    package init(batches: Int, queries: Matrices, keys: Matrices, values: Matrices) {
        precondition(queries.columns == keys.columns && keys.rows == values.rows, "operands that do not go together")
        precondition([queries, keys, values].allSatisfy { $0.fit(batches: batches) }, "an operand is too small")
        precondition(
            [keys, values].allSatisfy { $0.heads > 0 && queries.heads % $0.heads == 0 } || queries.heads == 0,
            "heads that cannot be shared")
        (self.batches, self.queries, self.keys, self.values) = (batches, queries, keys, values)
    }

    /// Multiply-accumulates that are not worth handing to another thread.
    private static let serialWork = 100_000

    /// Writes the results, a row for each query.
    /// - Precondition: `output` has the queries' heads and rows, and the values' columns.
    package func run(into output: Matrices, pool: ThreadPool, tier: CPUTier? = nil) {
        precondition(output.fit(batches: batches) && output.heads == queries.heads, "the output is too small")
        precondition(output.rows == queries.rows && output.columns == values.columns, "an output of other sizes")
        precondition(
            bias?.fit(batches: batches, heads: queries.heads, rows: queries.rows) ?? true, "the bias is too small")
        guard batches * queries.heads * queries.rows * values.columns > 0 else { return }
        let work = AttentionWork(self, into: output, tier: tier)
        let operations = work.tiles * keys.rows * (keys.columns + values.columns)
        let threads = operations * Int(work.gemm.rows) < Self.serialWork ? 1 : min(pool.threads, work.tiles)
        // Parts are neighbouring tiles, so that most threads pack no head that another packs. Where queries see
        // different numbers of keys, more parts even out what they cost.
        let parts = threads == 1 || visible == nil ? threads : min(work.tiles, 4 * threads)
        pool.run(parts: parts) { part in
            work.run(tiles: work.tiles * part / parts..<work.tiles * (part + 1) / parts)
        }
        extendLifetime((queries.tensor, keys.tensor, values.tensor, bias?.tensor, output.tensor))
    }
}
