import QTuneGraph
import QTuneTensor

/// The checked shapes of a matrix product as NumPy's `matmul` takes them: leading axes broadcast, vectors gain an axis
/// that the result loses again.
struct MatrixProductOperands {
    let rows: Int
    let depth: Int
    let columns: Int
    let output: Shape
    /// For each matrix of the result, which matrix of each operand it is made of.
    let batches: [(a: Int, b: Int)]

    init(_ a: Shape, _ b: Shape) throws {
        guard a.rank > 0, b.rank > 0 else { throw QTuneError(.invalidInput, "a matrix product of \(a) and \(b)") }
        let left = a.rank == 1 ? [1, a[0]] : a.dimensions
        let right = b.rank == 1 ? [b[0], 1] : b.dimensions
        let leftBatch = Shape(Array(left.dropLast(2)))
        let rightBatch = Shape(Array(right.dropLast(2)))
        guard left[left.count - 1] == right[right.count - 2], let batch = leftBatch.broadcast(with: rightBatch) else {
            throw QTuneError(.invalidInput, "a matrix product of \(a) and \(b)")
        }
        rows = left[left.count - 2]
        depth = left[left.count - 1]
        columns = right[right.count - 1]
        let ends = (a.rank == 1 ? [] : [rows]) + (b.rank == 1 ? [] : [columns])
        guard let output = Shape(checking: batch.dimensions + ends), batch.elementCount <= 1 << 32 else {
            throw QTuneError(.invalidInput, "the matrix product of \(a) and \(b) is too large")
        }
        self.output = output
        // Nothing bounds the number of products where each is empty.
        guard output.elementCount > 0 else {
            batches = []
            return
        }
        try MemoryLimit.check(.float32, output)
        let fromA = broadcastPlaces(of: leftBatch, in: batch)
        let fromB = broadcastPlaces(of: rightBatch, in: batch)
        batches = zip(fromA, fromB).map { ($0, $1) }
    }

    /// What is known of the product's shape before the network runs.
    static func inferDimensions(_ a: [Dimension]?, _ b: [Dimension]?) throws -> [Dimension]? {
        guard let a, let b, !a.isEmpty, !b.isEmpty else { return nil }
        let left = a.count == 1 ? [.fixed(1)] + a : a
        let right = b.count == 1 ? b + [.fixed(1)] : b
        if let depth = left[left.count - 1].value, let other = right[right.count - 2].value, depth != other {
            throw QTuneError(.invalidInput, "a matrix product of \(a) and \(b)")
        }
        let rank = max(left.count, right.count) - 2
        let batch = (0..<rank).map { axis -> Dimension in
            let (i, j) = (axis - rank + left.count - 2, axis - rank + right.count - 2)
            guard i >= 0 else { return right[j] }
            guard j >= 0 else { return left[i] }
            if left[i] == right[j] || right[j] == .fixed(1) { return left[i] }
            if left[i] == .fixed(1) { return right[j] }
            return [left[i], right[j]].first { $0.value != nil } ?? .unknown
        }
        return batch + (a.count == 1 ? [] : [left[left.count - 2]]) + (b.count == 1 ? [] : [right[right.count - 1]])
    }

    /// Writes the products, row by row; slow next to the packed kernels.
    func multiply<Element: MultiplyAccumulate>(
        _ a: Span<Element>, _ b: Span<Element>, into output: inout MutableSpan<Element>
    ) {
        for (batch, source) in batches.enumerated() {
            for row in 0..<rows {
                let target = (batch * rows + row) * columns
                for column in 0..<columns { output[target + column] = .zero }
                for step in 0..<depth {
                    let factor = a[(source.a * rows + row) * depth + step]
                    let from = (source.b * depth + step) * columns
                    for column in 0..<columns {
                        output[target + column] = output[target + column].adding(factor, times: b[from + column])
                    }
                }
            }
        }
    }
}
