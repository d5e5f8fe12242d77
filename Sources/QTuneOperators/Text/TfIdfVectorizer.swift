import QTuneGraph
import QTuneTensor

/// Counts of known sequences of words (n-grams) in rows of words, weighted where the mode says so. The words of a
/// sequence may stand apart, by the same number of words each, up to `max_skip_count`.
struct TfIdfVectorizer: Operator {
    static let name = "TfIdfVectorizer"
    static let versions = [9]
    private let mode: Mode
    private let lengths: ClosedRange<Int>
    private let mostSkips: Int
    private let pool: NGramPool
    /// The column of the result that counts each n-gram of the pool; n-grams may share one.
    private let places: [Int]
    /// The weight of each n-gram of the pool; nil for ones.
    private let weights: [Float]?
    private let columns: Int

    private enum Mode: String {
        case frequency = "TF"
        case presence = "IDF"
        case weightedFrequency = "TFIDF"
    }

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let name = try node.required("mode", node.string("mode"))
        guard let mode = Mode(rawValue: name) else {
            throw QTuneError(.invalidModel, "attribute 'mode' is '\(name)', not TF, IDF or TFIDF")
        }
        self.mode = mode
        let shortest = try node.required("min_gram_length", node.int("min_gram_length"))
        let longest = try node.required("max_gram_length", node.int("max_gram_length"))
        mostSkips = try node.required("max_skip_count", node.int("max_skip_count"))
        guard shortest > 0, shortest <= longest, mostSkips >= 0 else {
            throw QTuneError(
                .invalidModel, "n-grams of \(shortest) to \(longest) words with up to \(mostSkips) left out")
        }
        lengths = shortest...longest
        places = try node.required("ngram_indexes", node.ints("ngram_indexes"))
        guard let last = places.max(), places.allSatisfy({ $0 >= 0 }), last < Int.max else {
            throw QTuneError(.invalidModel, "attribute 'ngram_indexes' is empty or has a negative place")
        }
        columns = last + 1
        weights = try node.floats("weights").flatMap { $0.isEmpty ? nil : $0 }
        if let weights, weights.count != places.count {
            throw QTuneError(.invalidModel, "\(weights.count) weights for \(places.count) n-grams")
        }
        let starts = try node.required("ngram_counts", node.ints("ngram_counts"))
        pool = try NGramPool(node, starts: starts, count: places.count, lengths: lengths)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let dimensions = context[0].dimensions else { return [.tensor(.float32, nil)] }
        return [.tensor(.float32, dimensions.dropLast() + [.fixed(columns)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank <= 2 else {
            throw QTuneError(.invalidInput, "words of the shape \(input.shape), not [count] or [rows, count]")
        }
        let words = try pool.numbers(of: input)
        let leading = Array(input.shape.dimensions.dropLast())
        let output = try context.makeOutput(
            0, .float32, checkedShape(leading + [columns], operand: "the result's shape"))
        let rows = leading.first ?? 1
        let width = input.shape.dimensions.last ?? 1
        output.withMutableSpan(of: Float.self) { target in
            for index in target.indices { target[index] = 0 }
            for row in 0..<rows {
                find(words[row * width..<(row + 1) * width]) { number in
                    let index = row * columns + places[number]
                    switch mode {
                    case .frequency: target[index] += 1
                    // Of n-grams that share a column the one found last counts, as ONNX Runtime has it.
                    case .presence: target[index] = weights?[number] ?? 1
                    case .weightedFrequency: target[index] += weights?[number] ?? 1
                    }
                }
            }
        }
        return [.tensor(output)]
    }

    /// Calls `found` with the number of each n-gram in a row of words.
    private func find(_ words: ArraySlice<Int>, _ found: (Int) -> Void) {
        var shortest = lengths.lowerBound
        // Words further apart than the row is long are none.
        for distance in 1...max(1, min(mostSkips, words.count) + 1) {
            for start in words.indices {
                let last = (shortest - 1).multipliedReportingOverflow(by: distance)
                guard !last.overflow, last.partialValue < words.endIndex - start else { break }
                var place = NGramPool.root
                var word = start
                var length = 1
                while length <= lengths.upperBound, word < words.endIndex, let next = pool.next(place, words[word]) {
                    place = next
                    if length >= shortest, let number = pool.number(place) { found(number) }
                    length += 1
                    word += distance
                }
            }
            // Single words are the same at every distance.
            if shortest == 1 {
                shortest = 2
                guard lengths.upperBound > 1 else { return }
            }
        }
    }
}
