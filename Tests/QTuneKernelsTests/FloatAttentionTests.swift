import Foundation
import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct FloatAttentionTests {
    /// Sizes of one attention.
    struct Sizes: Sendable, CustomTestStringConvertible {
        var batches = 1
        var heads = 1
        var keyHeads = 1
        var rows: Int
        var keys: Int
        var depth: Int
        var width: Int

        var testDescription: String {
            "\(batches)x\(heads)/\(keyHeads) heads, \(rows) queries, \(keys) keys, \(depth) to \(width)"
        }
    }

    /// What is done to scores.
    enum Change: CaseIterable {
        case none, bias, sharedBias, replacing, softcap, softcapAndBias, causal, window, biasAndWindow
    }

    static let sizes = [
        Sizes(rows: 1, keys: 1, depth: 1, width: 1), Sizes(heads: 2, keyHeads: 2, rows: 5, keys: 7, depth: 3, width: 2),
        Sizes(heads: 4, keyHeads: 2, rows: 9, keys: 48, depth: 16, width: 17),
        Sizes(batches: 2, heads: 3, rows: 17, keys: 49, depth: 31, width: 48),
        Sizes(batches: 2, heads: 2, keyHeads: 2, rows: 13, keys: 97, depth: 33, width: 65),
        Sizes(heads: 2, keyHeads: 2, rows: 300, keys: 61, depth: 8, width: 8),
        // Several blocks of keys.
        Sizes(rows: 3, keys: 1201, depth: 5, width: 19), Sizes(rows: 11, keys: 701, depth: 160, width: 96),
    ]

    @Test(arguments: CPUTier.available, sizes)
    func agreesWithTheDefinition(tier: CPUTier, sizes: Sizes) {
        var numbers = SeededGenerator(seed: 17)
        let operands = Operands(sizes, &numbers)
        for change in Change.allCases {
            let outputs = [1, 3].map { operands.run(change, pool: ThreadPool(threads: $0), tier: tier) }
            #expect(largestError(outputs[0].floats, operands.expected(change)) < 1e-5, "\(change)")
            #expect(outputs[0] == outputs[1], "\(change): results depend on the number of threads")
        }
    }

    /// Worked out by hand: equal scores share, hidden ones get nothing, queries that see nothing are 0 or NaN.
    @Test(arguments: CPUTier.available)
    func hiddenKeysWeighNothing(tier: CPUTier) {
        let hidden = -Float.infinity
        let zeros = Tensor(zeros: .float32, shape: [3, 1])
        let values = Tensor([2, 4, 64] as [Float], shape: [3, 1])
        func attend(_ change: (inout FloatAttention) -> Void) -> [Float] {
            let matrices = [zeros, zeros, values].map {
                FloatAttention.Matrices($0, offset: 0, strides: (0, 0, 1), heads: 1, rows: 3, columns: 1)
            }
            var attention = FloatAttention(
                batches: 1, queries: matrices[0], keys: matrices[1], values: matrices[2])
            change(&attention)
            let output = Tensor.poisoned([3, 1])
            attention.run(
                into: FloatAttention.Matrices(output, offset: 0, strides: (0, 0, 1), heads: 1, rows: 3, columns: 1),
                pool: ThreadPool(threads: 1), tier: tier)
            return output.floats
        }
        let bias = Tensor([0, hidden, 0, hidden, hidden, hidden, hidden, 0, hidden] as [Float], shape: [3, 3])
        #expect(attend { $0.bias = FloatAttention.Bias(bias, strides: (0, 0, 3), keys: 3) } == [33, 0, 4])
        let kept = attend {
            $0.bias = FloatAttention.Bias(bias, strides: (0, 0, 3), keys: 3)
            $0.clearsHiddenRows = false
        }
        #expect(kept[0] == 33 && kept[1].isNaN && kept[2] == 4)
        // One row for all, whose numbers stand for the scores.
        let number = Tensor([0, 0, hidden] as [Float])
        let replaced = attend {
            $0.bias = FloatAttention.Bias(number, strides: (0, 0, 0), keys: 3, replaces: true)
        }
        #expect(replaced == [3, 3, 3])
        #expect(attend { $0.visible = { 0..<$1 } } == [0, 2, 3])
        // Scores that grow from block to block, up to where exp overflows, keep their proportions.
        let large = attend {
            $0.bias = FloatAttention.Bias(Tensor([-1e30, 3e38, 3e38] as [Float]), strides: (0, 0, 0), keys: 3)
        }
        #expect(large == [34, 34, 34])
    }

    @Test(arguments: CPUTier.available)
    func withoutKeysResultsAreZero(tier: CPUTier) {
        let empty = Tensor(zeros: .float32, shape: [0, 4])
        let matrices = FloatAttention.Matrices(empty, offset: 0, strides: (0, 0, 4), heads: 1, rows: 0, columns: 4)
        let queries = Tensor(zeros: .float32, shape: [2, 4])
        let view = { FloatAttention.Matrices($0, offset: 0, strides: (0, 0, 4), heads: 1, rows: 2, columns: 4) }
        let output = Tensor.poisoned([2, 4])
        FloatAttention(batches: 1, queries: view(queries), keys: matrices, values: matrices)
            .run(into: view(output), pool: ThreadPool(threads: 1), tier: tier)
        #expect(output.floats == [Float](repeating: 0, count: 8))
    }
}

/// Operands as projections leave them: the heads of a token beside one another.
private struct Operands {
    let sizes: FloatAttentionTests.Sizes
    let queries: Tensor
    let keys: Tensor
    let values: Tensor
    let bias: Tensor
    private let biasNumbers: [Float]

    init(_ sizes: FloatAttentionTests.Sizes, _ numbers: inout SeededGenerator) {
        self.sizes = sizes
        queries = numbers.floats([sizes.batches, sizes.rows, sizes.heads, sizes.depth], in: -2...2)
        keys = numbers.floats([sizes.batches, sizes.keys, sizes.keyHeads, sizes.depth], in: -2...2)
        values = numbers.floats([sizes.batches, sizes.keys, sizes.keyHeads, sizes.width])
        bias = numbers.floats([sizes.batches, sizes.heads, sizes.rows, sizes.keys], in: -2...2)
        biasNumbers = bias.floats
    }

    private func view(_ tensor: Tensor) -> FloatAttention.Matrices {
        let lengths = tensor.shape.dimensions
        return FloatAttention.Matrices(
            tensor, offset: 0, strides: (lengths[1] * lengths[2] * lengths[3], lengths[3], lengths[2] * lengths[3]),
            heads: lengths[2], rows: lengths[1], columns: lengths[3])
    }

    private func range(_ change: FloatAttentionTests.Change, _ row: Int) -> Range<Int> {
        switch change {
        case .causal: 0..<min(sizes.keys, row + 1)
        case .window, .biasAndWindow: min(sizes.keys, row)..<min(sizes.keys, row + 500)
        default: 0..<sizes.keys
        }
    }

    private func score(_ change: FloatAttentionTests.Change, _ product: Double, _ place: [Int]) -> Double {
        let strides = bias.shape.strides
        let row = change == .sharedBias ? 0 : place[2]
        let number = Double(
            biasNumbers[place[0] * strides[0] + place[1] * strides[1] + row * strides[2] + place[3]])
        let score = 0.4 * product
        return switch change {
        case .none, .causal, .window: score
        case .bias, .sharedBias, .biasAndWindow: score + number
        case .replacing: number == 0 ? score : number
        case .softcap: 1.5 * tanh(score / 1.5)
        case .softcapAndBias: 1.5 * tanh(score / 1.5) + number
        }
    }

    func run(_ change: FloatAttentionTests.Change, pool: ThreadPool, tier: CPUTier) -> Tensor {
        var attention = FloatAttention(
            batches: sizes.batches, queries: view(queries), keys: view(keys), values: view(values))
        attention.scale = 0.4
        if change == .softcap || change == .softcapAndBias { attention.softcap = 1.5 }
        let strides = bias.shape.strides
        if [.bias, .sharedBias, .replacing, .softcapAndBias, .biasAndWindow].contains(change) {
            attention.bias = FloatAttention.Bias(
                bias, strides: (strides[0], strides[1], change == .sharedBias ? 0 : strides[2]), keys: sizes.keys,
                replaces: change == .replacing)
        }
        if [.causal, .window, .biasAndWindow].contains(change) { attention.visible = { range(change, $1) } }
        let output = Tensor.poisoned([sizes.batches, sizes.rows, sizes.heads, sizes.width])
        attention.run(into: view(output), pool: pool, tier: tier)
        return output
    }

    func expected(_ change: FloatAttentionTests.Change) -> [Double] {
        let (q, k, v) = (queries.floats, keys.floats, values.floats)
        let (depth, width) = (sizes.depth, sizes.width)
        let sharing = sizes.heads / sizes.keyHeads
        var results: [Double] = []
        for batch in 0..<sizes.batches {
            for row in 0..<sizes.rows {
                for head in 0..<sizes.heads {
                    let query = ((batch * sizes.rows + row) * sizes.heads + head) * depth
                    let seen = range(change, row)
                    let places = seen.map { (batch * sizes.keys + $0) * sizes.keyHeads + head / sharing }
                    let scores = zip(seen, places).map { key, place in
                        let product = (0..<depth).reduce(0) {
                            $0 + Double(q[query + $1]) * Double(k[place * depth + $1])
                        }
                        return score(change, product, [batch, head, row, key])
                    }
                    let largest = scores.max() ?? 0
                    let weights = scores.map { exp($0 - largest) }
                    let sum = max(weights.reduce(0, +), .leastNormalMagnitude)
                    for column in 0..<width {
                        let total = zip(weights, places).reduce(0) { $0 + $1.0 * Double(v[$1.1 * width + column]) }
                        results.append(total / sum)
                    }
                }
            }
        }
        return results
    }
}
