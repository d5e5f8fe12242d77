import QTuneTensor

/// The known n-grams as a tree: a place is what the first words of an n-gram lead to.
struct NGramPool: Sendable {
    private struct Step: Hashable {
        let place: Int
        let word: Int
    }

    /// The place that no word leads to.
    static let root = 0

    private let vocabulary: Vocabulary
    private var steps: [Step: Int] = [:]
    /// For each place the number of the n-gram that ends there.
    private var numbers: [Int?] = [nil]

    /// - Parameters:
    ///   - starts: where in the pool the n-grams of one word start, of two words, and so on.
    ///   - count: how many n-grams there are at most; they are numbered in the pool's order.
    ///   - lengths: n-grams of other lengths are not looked for.
    init(_ node: NodeReader, starts: [Int], count: Int, lengths: ClosedRange<Int>) throws {
        vocabulary = try Vocabulary(node)
        let words = vocabulary.words
        var number = 0
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : words.count
            guard start >= 0, start <= end, end <= words.count, (end - start) % (index + 1) == 0 else {
                throw QTuneError(.invalidModel, "attribute 'ngram_counts' \(starts) does not cut \(words.count) words")
            }
            for first in stride(from: start, to: end, by: index + 1) {
                guard number < count else {
                    throw QTuneError(.invalidModel, "attribute 'ngram_indexes' has no column for each n-gram")
                }
                if lengths.contains(index + 1) { add(words[first...first + index], number: number) }
                number += 1
            }
        }
    }

    private mutating func add(_ words: ArraySlice<Int>, number: Int) {
        var place = Self.root
        for word in words {
            let step = Step(place: place, word: word)
            if let next = steps[step] {
                place = next
            } else {
                place = numbers.count
                steps[step] = place
                numbers.append(nil)
            }
        }
        numbers[place] = number
    }

    /// Where `word` leads from a place; nil where no n-gram goes on so.
    func next(_ place: Int, _ word: Int) -> Int? { steps[Step(place: place, word: word)] }

    /// The number of the n-gram that ends at a place.
    func number(_ place: Int) -> Int? { numbers[place] }

    /// The words of a tensor as the pool numbers them; those that it does not know get a number of no word.
    func numbers(of tensor: Tensor) throws -> [Int] { try vocabulary.numbers(of: tensor) }
}

/// The words of a pool of n-grams, strings or integers, as numbers.
private struct Vocabulary: Sendable {
    /// The words of the pool, in order.
    let words: [Int]
    /// nil for a pool of integers, which are their own numbers.
    private let strings: [String: Int]?

    init(_ node: NodeReader) throws {
        let (texts, integers) = (try node.strings("pool_strings"), try node.ints("pool_int64s"))
        switch (texts, integers) {
        case (let texts?, nil):
            var numbers: [String: Int] = [:]
            words = texts.map { text in
                let number = numbers[text] ?? numbers.count
                numbers[text] = number
                return number
            }
            strings = numbers
        case (nil, let integers?):
            words = integers
            strings = nil
        default:
            throw QTuneError(
                .invalidModel, "n-grams are given by one of the attributes 'pool_strings' and 'pool_int64s'")
        }
    }

    func numbers(of tensor: Tensor) throws -> [Int] {
        if let strings, tensor.dtype == .string { return tensor.strings.map { strings[$0] ?? -1 } }
        guard strings == nil, tensor.dtype == .int32 || tensor.dtype == .int64, let integers = tensor.integers else {
            throw QTuneError(
                .invalidInput, "words of type \(tensor.dtype) for a pool of \(strings == nil ? "integers" : "strings")")
        }
        return integers
    }
}
