import QTuneKernels
import QTuneTensor

/// The product of tensors with labelled axes, two at a time, each time as a batch of matrix products.
struct Contraction {
    /// The labels of the result.
    let keeping: [Int]
    let pool: ThreadPool

    /// Among so many operands at most, the pair that makes the smallest product is taken first.
    private static let mostOrdered = 16

    /// - Precondition: there is an operand.
    func contract(_ operands: [LabelledTensor]) throws -> LabelledTensor {
        var needs = LabelNeeds(keeping)
        for operand in operands { needs.add(operand) }
        func joined(_ a: LabelledTensor, _ b: LabelledTensor) throws -> LabelledTensor {
            needs.remove(a)
            needs.remove(b)
            let result = try product(a, b, later: needs.among(a.labels + b.labels))
            needs.add(result)
            return result
        }
        let surplus = max(0, operands.count - Self.mostOrdered)
        let first = try operands.dropFirst().prefix(surplus).reduce(operands[0], joined)
        var left = [first] + operands.dropFirst(1 + surplus)
        while left.count > 1 {
            let (first, second) = nextPair(left)
            let b = left.remove(at: second)
            let a = left.remove(at: first)
            left.insert(try joined(a, b), at: first)
        }
        return try summed(left[0], later: Set(keeping))
    }

    private func nextPair(_ operands: [LabelledTensor]) -> (Int, Int) {
        guard operands.count > 2 else { return (0, 1) }
        let pairs = operands.indices.flatMap { a in (a + 1..<operands.count).map { (a, $0) } }
        return pairs.min { size(operands, $0) < size(operands, $1) } ?? (0, 1)
    }

    /// How many elements the product of a pair of operands has.
    private func size(_ operands: [LabelledTensor], _ pair: (Int, Int)) -> Double {
        let others = operands.indices.filter { $0 != pair.0 && $0 != pair.1 }
        let later = Set(others.flatMap { operands[$0].labels }).union(keeping)
        let (a, b) = (operands[pair.0], operands[pair.1])
        return later.reduce(1) { $0 * Double(max(a.length($1), b.length($1))) }
    }

    /// The sum over all labels that nobody asks for later: a product with a vector of ones.
    private func summed(_ a: LabelledTensor, later: Set<Int>) throws -> LabelledTensor {
        let gone = a.labels.filter { !later.contains($0) }
        guard !gone.isEmpty else { return a }
        let lengths = Shape(gone.map(a.length))
        let ones = try EvaluationContext.fresh(a.tensor.dtype, lengths)
        switch ones.dtype {
        case .float32: ones.withMutableSpan(of: Float.self) { for index in $0.indices { $0[index] = 1 } }
        case .float64: ones.withMutableSpan(of: Double.self) { for index in $0.indices { $0[index] = 1 } }
        default: ones.withMutableSpan(of: Int64.self) { for index in $0.indices { $0[index] = 1 } }
        }
        return try product(a, LabelledTensor(dense: ones, labels: gone), later: later)
    }

    private func product(_ a: LabelledTensor, _ b: LabelledTensor, later: Set<Int>) throws -> LabelledTensor {
        // A label of one operand that nobody asks for is summed before, which keeps the product small.
        let a = try summed(a, later: later.union(b.labels))
        let b = try summed(b, later: later.union(a.labels))
        let shared = a.labels.filter(b.labels.contains)
        let roles = Roles(
            batch: shared.filter(later.contains), depth: shared.filter { !later.contains($0) },
            rows: a.labels.filter { !shared.contains($0) }, columns: b.labels.filter { !shared.contains($0) })
        let left = try Factor(a, batch: roles.batch, outer: roles.rows, depth: roles.depth, outerFirst: true, pool)
        let right = try Factor(b, batch: roles.batch, outer: roles.columns, depth: roles.depth, outerFirst: false, pool)
        let labels = roles.batch + roles.rows + roles.columns
        let lengths = roles.batch.map(a.length) + roles.rows.map(a.length) + roles.columns.map(b.length)
        let shape = try checkedShape(lengths, operand: "a product's shape")
        try MemoryLimit.check(a.tensor.dtype, shape)
        let output = Tensor(uninitialized: a.tensor.dtype, shape: shape)
        try BatchedProduct(
            batches: a.extent(roles.batch), rows: a.extent(roles.rows), depth: a.extent(roles.depth),
            columns: b.extent(roles.columns)
        ).run(left, right, into: output, pool)
        return LabelledTensor(dense: output, labels: labels)
    }
}

/// Who asks for the axes of a label: operands that are still to come, or the result.
private struct LabelNeeds {
    private var counts: [Int: Int]

    init(_ keeping: [Int]) { counts = Dictionary(keeping.map { ($0, 1) }) { first, _ in first } }

    mutating func add(_ operand: LabelledTensor) { for label in operand.labels { counts[label, default: 0] += 1 } }

    mutating func remove(_ operand: LabelledTensor) { for label in operand.labels { counts[label, default: 0] -= 1 } }

    /// Those of `labels` that someone asks for.
    func among(_ labels: [Int]) -> Set<Int> { Set(labels.filter { counts[$0, default: 0] > 0 }) }
}

/// What the labels of a pair of operands are in their product.
private struct Roles {
    /// In both operands and in the result.
    let batch: [Int]
    /// In both operands, summed over.
    let depth: [Int]
    /// In the first operand only.
    let rows: [Int]
    /// In the second operand only.
    let columns: [Int]
}

/// An operand of a batch of matrix products.
private struct Factor {
    let tensor: Tensor
    /// Whether each matrix is stored the other way round than the product reads it.
    let isTransposed: Bool

    /// Keeps the operand as it is where the matrix kernels can read it that way.
    init(
        _ operand: LabelledTensor, batch: [Int], outer: [Int], depth: [Int], outerFirst: Bool, _ pool: ThreadPool
    ) throws {
        let plain = batch + (outerFirst ? outer + depth : depth + outer)
        let transposed = batch + (outerFirst ? depth + outer : outer + depth)
        let readsTransposed =
            operand.labels == transposed && operand.labels != plain
            && operand.tensor.dtype == .float32
        isTransposed = readsTransposed
        tensor = readsTransposed ? operand.tensor : try operand.ordered(by: plain, pool: pool).tensor
    }
}

/// The sizes of a batch of matrix products.
private struct BatchedProduct {
    let batches: Int
    let rows: Int
    let depth: Int
    let columns: Int

    /// Multiplications of one matrix product from which on the packed kernels pay.
    private static let workToPack = 64
    /// Multiplications of one matrix product from which on several threads share it.
    private static let workToShare = 1 << 20

    func run(_ a: Factor, _ b: Factor, into output: Tensor, _ pool: ThreadPool) throws {
        guard output.count > 0 else { return }
        let work = Double(rows) * Double(depth) * Double(columns)
        guard output.dtype == .float32, max(rows, depth, columns) <= Int(Int32.max) else {
            return try multiplyPlainly(a.tensor, b.tensor, into: output)
        }
        guard work >= Double(Self.workToPack) || a.isTransposed || b.isTransposed else {
            return try multiplyPlainly(a.tensor, b.tensor, into: output)
        }
        if batches == 1 || work >= Double(Self.workToShare) {
            for batch in 0..<batches { multiply(a, b, into: output, batch, pool) }
        } else {
            let grain = max(1, Int(Double(Self.workToShare) / 16 / max(work, 1)))
            pool.run(over: batches, grain: grain) { range in
                for batch in range { multiply(a, b, into: output, batch, nil) }
            }
        }
    }

    private func multiply(_ a: Factor, _ b: Factor, into output: Tensor, _ batch: Int, _ pool: ThreadPool?) {
        QTuneKernels.Gemm.multiply(
            m: rows, n: columns, k: depth, a: a.tensor, aOffset: batch * rows * depth, transposeA: a.isTransposed,
            b: b.tensor, bOffset: batch * depth * columns, transposeB: b.isTransposed, c: output,
            cOffset: batch * rows * columns, pool: pool)
    }

    private func multiplyPlainly(_ a: Tensor, _ b: Tensor, into output: Tensor) throws {
        let operands = try MatrixProductOperands([batches, rows, depth], [batches, depth, columns])
        switch output.dtype {
        case .float32: operands.multiply(Float.self, a, b, into: output)
        case .float64: operands.multiply(Double.self, a, b, into: output)
        default: operands.multiply(Int64.self, a, b, into: output)
        }
    }
}
