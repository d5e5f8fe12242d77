import QTuneKernels
import QTuneTensor

/// `softmax(scale * Q * K^T + bias) * V` for each batch and head, a block of queries at a time.
///
/// Query heads share the heads of keys and values in neighbouring groups of equal size. The scores of a block live
/// only as long as the block is worked on, and keys that none of its queries sees are left out.
struct ScaledDotProduct<Element: AttentionElement> {
    let queries: HeadMatrices
    let keys: HeadMatrices
    let values: HeadMatrices
    let mask: AttentionMask
    let scale: Element
    /// Scores are bent to `softcap * tanh(score / softcap)` where it is positive.
    var softcap: Element = 0
    /// What the products of queries and keys are rounded to.
    var productRounding = FloatRounding.none
    /// What scores are rounded to at each step after that.
    var rounding = FloatRounding.none
    /// The type of the softmax.
    var softmaxType = Element.dtype
    /// What probabilities are rounded to before they meet the values.
    var probabilityRounding = FloatRounding.none
    /// Scores to keep: at which step, and where, [batch, heads, queries, keys].
    var kept: (step: AttentionStep, tensor: Tensor)?
    /// Whether queries that see no key give 0; otherwise they give NaN, as a softmax over minus infinity does.
    var clearsHiddenRows = true

    /// A part of the work.
    private struct Block {
        let batch: Int
        let head: Int
        let rows: Range<Int>
        /// The keys to look at.
        let keys: Range<Int>
    }

    /// Writes the results, [batch, heads, queries, size of a value], through a view of a tensor of `Element`.
    func run(into output: HeadMatrices, pool: ThreadPool) {
        guard output.tensor.count > 0 || kept.map({ $0.tensor.count > 0 }) ?? false else { return }
        if isPlain { return runInKernel(into: output, pool: pool) }
        forEachBlock(pool, allKeys: kept != nil) { block in
            let scores = Tensor(uninitialized: Element.dtype, shape: [block.rows.count, block.keys.count])
            let place = MatrixPlace(tensor: scores, offset: 0, stride: block.keys.count)
            multiplyKeys(block, into: place)
            scores.withMutableSpan(of: Element.self) { round(&$0, by: productRounding) }
            keep(.product, scores, block)
            if softcap > 0 { scores.withMutableSpan(of: Element.self) { bend(&$0) } }
            keep(.softcap, scores, block)
            let seesAny = scores.withMutableSpan(of: Element.self) { applyMask(to: &$0, block) }
            keep(.bias, scores, block)
            normalize(scores, seesAny)
            keep(.softmax, scores, block)
            multiplyValues(block, place, into: output)
        }
    }

    /// Whether scores become probabilities in float32 alone, nothing rounded or kept on the way.
    private var isPlain: Bool {
        Element.dtype == .float32 && softmaxType == .float32 && kept == nil && mask.fitsKernels
            && ![productRounding, rounding, probabilityRounding].contains { $0.changes(Element.self) }
    }

    private func runInKernel(into output: HeadMatrices, pool: ThreadPool) {
        var attention = FloatAttention(
            batches: queries.batches, queries: queries.kernelOperand, keys: keys.kernelOperand,
            values: values.kernelOperand)
        attention.scale = Float(scale)
        attention.softcap = Float(softcap)
        attention.bias = mask.kernelBias
        let mask = mask
        if mask.hidesByPosition { attention.visible = { mask.visible(batch: $0, row: $1) } }
        attention.clearsHiddenRows = clearsHiddenRows
        attention.run(into: output.kernelOperand, pool: pool)
    }

    /// Writes the scores of all queries and keys, [batch, heads, queries, keys], before anything changes them.
    func multiplyKeys(into scores: Tensor, pool: ThreadPool) {
        guard scores.count > 0 else { return }
        forEachBlock(pool, allKeys: true) { multiplyKeys($0, into: place($0, in: scores)) }
        scores.withMutableSpan(of: Element.self) { round(&$0, by: productRounding) }
    }

    /// Writes the sums of values that probabilities, [batch, heads, queries, keys], weigh.
    func multiplyValues(_ probabilities: Tensor, into output: HeadMatrices, pool: ThreadPool) {
        guard output.tensor.count > 0 else { return }
        forEachBlock(pool, allKeys: true) { multiplyValues($0, place($0, in: probabilities), into: output) }
    }

    private func forEachBlock(_ pool: ThreadPool, allKeys: Bool, _ body: (Block) -> Void) {
        let matrices = queries.batches * queries.heads
        guard matrices > 0, queries.rows > 0 else { return }
        // The size of a block changes the order of sums, so it must not depend on the number of threads.
        let blockRows = matrices >= 16 ? 256 : 64
        let blocks = (queries.rows + blockRows - 1) / blockRows
        pool.run(parts: matrices * blocks) { part in
            let (matrix, index) = (part / blocks, part % blocks)
            let rows = queries.rows * index / blocks..<queries.rows * (index + 1) / blocks
            let batch = matrix / queries.heads
            body(
                Block(
                    batch: batch, head: matrix % queries.heads, rows: rows,
                    keys: allKeys ? 0..<keys.rows : mask.visible(batch: batch, rows: rows)))
        }
    }

    /// The scores of a block in a tensor of all.
    private func place(_ block: Block, in scores: Tensor) -> MatrixPlace {
        let row = (block.batch * queries.heads + block.head) * queries.rows + block.rows.lowerBound
        return MatrixPlace(tensor: scores, offset: row * keys.rows, stride: keys.rows)
    }

    private func multiplyKeys(_ block: Block, into scores: MatrixPlace) {
        let head = block.head / (queries.heads / keys.heads)
        Element.multiply(
            m: block.rows.count, n: block.keys.count, k: queries.columns,
            queries.place(block.batch, block.head, block.rows),
            keys.place(block.batch, head, block.keys), transposed: true, scale: scale, into: scores)
    }

    private func multiplyValues(_ block: Block, _ probabilities: MatrixPlace, into output: HeadMatrices) {
        let head = block.head / (queries.heads / values.heads)
        Element.multiply(
            m: block.rows.count, n: values.columns, k: block.keys.count, probabilities,
            values.place(block.batch, head, block.keys), transposed: false, scale: 1,
            into: output.place(block.batch, block.head, block.rows))
    }

    private func round(_ scores: inout MutableSpan<Element>, by rounding: FloatRounding) {
        guard rounding.changes(Element.self) else { return }
        for index in scores.indices { scores[index] = scores[index].rounded(by: rounding) }
    }

    private func bend(_ scores: inout MutableSpan<Element>) {
        for index in scores.indices {
            let bent = (scores[index] / softcap).rounded(by: rounding).hyperbolicTangent.rounded(by: rounding)
            scores[index] = (bent * softcap).rounded(by: rounding)
        }
    }

    /// Gives for each query whether it sees any key.
    private func applyMask(to scores: inout MutableSpan<Element>, _ block: Block) -> [Bool] {
        var seesAny = [Bool](repeating: false, count: block.rows.count)
        for (index, row) in block.rows.enumerated() {
            seesAny[index] = mask.apply(
                to: &scores, at: index * block.keys.count, keys: block.keys, batch: block.batch, head: block.head,
                row: row, rounding: rounding)
        }
        return seesAny
    }

    /// Makes probabilities of the scores; those of queries that see nothing are 0.
    private func normalize(_ scores: Tensor, _ seesAny: [Bool]) {
        let length = scores.shape[1]
        guard scores.count > 0 else { return }
        let sees = scores.withSpan(of: Element.self) { scores in
            seesAny.indices.map { seesAny[$0] && !isHidden(scores, from: $0 * length, count: length) }
        }
        AttentionSoftmax.apply(Element.self, scores, type: softmaxType)
        scores.withMutableSpan(of: Element.self) { scores in
            for row in sees.indices where !sees[row] {
                for index in row * length..<(row + 1) * length { scores[index] = 0 }
            }
            round(&scores, by: probabilityRounding)
        }
    }

    /// Whether all scores of a row are minus infinity.
    private func isHidden(_ scores: Span<Element>, from start: Int, count: Int) -> Bool {
        for index in start..<start + count where scores[index] != -.infinity { return false }
        return true
    }

    private func keep(_ step: AttentionStep, _ scores: Tensor, _ block: Block) {
        guard let kept, kept.step == step else { return }
        StridedCopy.copy(
            [scores.count], from: scores, StridedView(strides: [1]), to: kept.tensor,
            StridedView(offset: place(block, in: kept.tensor).offset, strides: [1]))
    }
}

/// The steps that scores go through.
enum AttentionStep: Int {
    case product
    case softcap
    case bias
    case softmax
}

/// Softmax over the rows of scores.
enum AttentionSoftmax {
    /// Makes probabilities of the rows of `scores`, in place, computed as tensors of `type` would be.
    static func apply<Element: AttentionElement>(_: Element.Type, _ scores: Tensor, type: DType) {
        if Element.dtype == .float32, type == .float32 {
            QTuneKernels.Softmax.lastAxis(scores, into: scores, pool: serial)
        } else if type == .float64 {
            steps(Element.self, Double.self, scores, .none)
        } else {
            steps(Element.self, Float.self, scores, FloatRounding(type) ?? .none)
        }
    }

    /// Blocks run beside each other already.
    private static let serial = ThreadPool(threads: 1)

    private static func steps<Element: AttentionElement, Step: SteppedFloat>(
        _: Element.Type, _: Step.Type, _ scores: Tensor, _ rounding: FloatRounding
    ) {
        let length = scores.shape.dimensions.last ?? 1
        guard scores.count > 0 else { return }
        var run = [Step](repeating: 0, count: length)
        scores.withMutableSpan(of: Element.self) { scores in
            for start in stride(from: 0, to: scores.count, by: length) {
                for index in 0..<length { run[index] = Step(scores[start + index]).rounded(by: rounding) }
                SteppedSoftmax.apply(&run, rounding: rounding)
                for index in 0..<length { scores[start + index] = Element(run[index]) }
            }
        }
    }
}
