import QTuneKernels
import QTuneTensor

/// Which keys a query sees, and what is added to their scores.
///
/// Keys that a query does not see by their position alone (causality, a window, padding) make a range; what an operand
/// says of single keys is a bias, minus infinity for those it hides.
struct AttentionMask {
    /// The range of positions before and after a query's own that it sees; nil is without end.
    var left: Int?
    var right: Int?
    /// For each batch the position of the first query among the keys.
    var offsets: [Int]
    /// For each batch the keys that count.
    var keyCounts: [Int]
    private var bias: Bias?

    /// A tensor of the elements that scores have, with its steps by batch, head, query and key.
    private struct Bias {
        let tensor: Tensor
        let strides: [Int]
        /// Keys that the tensor says something of; the others are hidden.
        let keys: Int
        /// Whether a number other than 0 stands for the score itself, rather than being added to it.
        var replaces = false
    }

    /// A mask that hides nothing.
    init(batches: Int, keys: Int, offset: Int = 0) {
        offsets = [Int](repeating: offset, count: batches)
        keyCounts = [Int](repeating: keys, count: batches)
    }

    /// Adds a bias of the elements that scores have; it broadcasts to `shape`, [batch, heads, queries, keys].
    /// - Parameter replaces: whether numbers other than 0 stand for the scores themselves, rather than being added.
    mutating func add(bias tensor: Tensor, to shape: Shape, replaces: Bool = false) {
        bias = Bias(
            tensor: tensor, strides: BroadcastLoop.strides(of: tensor.shape, to: shape), keys: shape[3],
            replaces: replaces)
    }

    /// Adds a bias, or hides the keys where a bool `mask` is false; it broadcasts to `shape`, [batch, heads, queries,
    /// keys].
    /// - Parameter isPadded: whether a mask of fewer keys hides those it leaves out, rather than to broadcast one key.
    mutating func add<Element: SteppedFloat>(_: Element.Type, _ mask: Tensor, to shape: Shape, isPadded: Bool) throws {
        var target = shape.dimensions
        let keys = mask.shape.dimensions.last ?? 1
        let covered = isPadded && mask.shape.rank > 0 ? keys : target[3]
        target[3] = min(covered, target[3])
        guard covered <= shape[3], let target = Shape(checking: target), mask.shape.broadcast(with: target) == target
        else { throw QTuneError(.invalidInput, "a mask of \(mask.shape) does not fit scores of \(shape)") }
        let tensor = mask.dtype == .bool ? Self.hiding(Element.self, mask) : try Self.numbers(Element.self, mask)
        bias = Bias(tensor: tensor, strides: BroadcastLoop.strides(of: mask.shape, to: target), keys: covered)
    }

    private static func hiding<Element: SteppedFloat>(_: Element.Type, _ mask: Tensor) -> Tensor {
        Tensor(Element.self, shape: mask.shape) { target in
            mask.withSpan(of: Bool.self) { for index in $0.indices { target[index] = $0[index] ? 0 : -.infinity } }
        }
    }

    private static func numbers<Element: SteppedFloat>(_: Element.Type, _ mask: Tensor) throws -> Tensor {
        guard Lane(mask.dtype) != nil else { throw QTuneError(.invalidInput, "a mask of \(mask.dtype)") }
        return Element.elements(of: mask)
    }

    /// Whether any query may be kept from a key by its position.
    var hidesByPosition: Bool {
        left != nil || right != nil || Set(keyCounts).count > 1
            || keyCounts.first.map { count in bias.map { count < $0.keys } ?? true } ?? false
    }

    /// Whether the bias is as the float32 kernels take it: the numbers of neighbouring keys follow one another.
    var fitsKernels: Bool {
        guard let bias else { return true }
        return bias.tensor.dtype == .float32 && (bias.strides[3] == 1 || bias.keys <= 1)
    }

    /// The bias as the float32 kernels take it.
    /// - Precondition: `fitsKernels`.
    var kernelBias: FloatAttention.Bias? {
        bias.map { bias in
            FloatAttention.Bias(
                bias.tensor, strides: (bias.strides[0], bias.strides[1], bias.strides[2]), keys: bias.keys,
                replaces: bias.replaces)
        }
    }

    /// The keys that query `row` sees as far as positions decide.
    func visible(batch: Int, row: Int) -> Range<Int> {
        let position = offsets[batch] + row
        let end = min(bias.map(\.keys) ?? .max, keyCounts[batch], right.map { position + $0 + 1 } ?? .max)
        let start = left.map { max(0, position - $0) } ?? 0
        return min(start, max(0, end))..<max(0, end)
    }

    /// The keys that any of some queries sees.
    func visible(batch: Int, rows: Range<Int>) -> Range<Int> {
        guard let last = rows.last else { return 0..<0 }
        let (first, final) = (visible(batch: batch, row: rows.lowerBound), visible(batch: batch, row: last))
        if first.isEmpty || final.isEmpty { return 0..<max(first.upperBound, final.upperBound) }
        return min(first.lowerBound, final.lowerBound)..<max(first.upperBound, final.upperBound)
    }

    /// Adds the bias to a row of scores and hides what the query does not see. Gives whether it sees any key at all.
    /// - Parameters:
    ///   - place: where the score of key `keys.lowerBound` stands in `scores`.
    @inline(__always)
    func apply<Element: SteppedFloat>(
        to scores: inout MutableSpan<Element>, at place: Int, keys: Range<Int>, batch: Int, head: Int, row: Int,
        rounding: FloatRounding
    ) -> Bool {
        let visible = visible(batch: batch, row: row).clamped(to: keys)
        for key in keys.lowerBound..<visible.lowerBound { scores[place + key - keys.lowerBound] = -.infinity }
        for key in visible.upperBound..<keys.upperBound { scores[place + key - keys.lowerBound] = -.infinity }
        guard let bias else { return !visible.isEmpty }
        var seesAny = false
        bias.tensor.withSpan(of: Element.self) { numbers in
            let start = batch * bias.strides[0] + head * bias.strides[1] + row * bias.strides[2]
            for key in visible {
                let number = numbers[start + key * bias.strides[3]]
                if number != -.infinity { seesAny = true }
                let index = place + key - keys.lowerBound
                if !bias.replaces {
                    scores[index] = (scores[index] + number).rounded(by: rounding)
                } else if number != 0 {
                    scores[index] = number
                }
            }
        }
        return seesAny
    }
}
