import QTuneTensor

/// The equation of an Einstein summation: a label for each axis of the operands and of the result.
struct EinsumEquation: Sendable {
    /// The labels of one operand's or the result's axes.
    struct Term: Sendable {
        /// Letters in front of the ellipsis, or all of them where there is none.
        var head: [UInt8] = []
        /// Letters behind the ellipsis; nil where there is none.
        var tail: [UInt8]?

        var letters: [UInt8] { head + (tail ?? []) }

        /// The label of each axis, where the ellipsis stands for `axes` axes. The axes of an ellipsis are labelled
        /// from the last one on, as they broadcast.
        func labels(ellipsis axes: Int) -> [Int] {
            let hidden = tail == nil ? [] : (0..<axes).reversed().map { EinsumEquation.firstHiddenLabel + $0 }
            return head.map(Int.init) + hidden + (tail ?? []).map(Int.init)
        }
    }

    let operands: [Term]
    let result: Term

    /// Labels from here on are of axes that an ellipsis stands for; smaller ones are letters.
    private static let firstHiddenLabel = 256

    init(_ text: String) throws {
        let symbols = text.utf8.filter { $0 != UInt8(ascii: " ") }
        let halves = try Self.halves(symbols, of: text)
        operands = try halves.operands.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            .map { try Self.term($0, in: text) }
        if let explicit = halves.result {
            result = try Self.term(explicit, in: text)
            let letters = result.letters
            let known = Set(operands.flatMap(\.letters))
            guard Set(letters).count == letters.count, known.isSuperset(of: letters),
                result.tail == nil || operands.contains(where: { $0.tail != nil })
            else {
                throw QTuneError(.invalidModel, "the result of '\(text)' has a label twice or one of no operand")
            }
        } else {
            result = Self.implicitResult(operands)
        }
    }

    private static func halves(
        _ symbols: [UInt8], of text: String
    ) throws -> (operands: ArraySlice<UInt8>, result: ArraySlice<UInt8>?) {
        guard let dash = symbols.firstIndex(of: UInt8(ascii: "-")) else { return (symbols[...], nil) }
        guard dash + 1 < symbols.count, symbols[dash + 1] == UInt8(ascii: ">") else {
            throw QTuneError(.invalidModel, "'\(text)' has a '-' that starts no '->'")
        }
        return (symbols[..<dash], symbols[(dash + 2)...])
    }

    private static func term(_ symbols: ArraySlice<UInt8>, in text: String) throws -> Term {
        var term = Term()
        var rest = symbols
        while let symbol = rest.first {
            if rest.starts(with: "...".utf8), term.tail == nil {
                term.tail = []
                rest = rest.dropFirst(3)
                continue
            }
            guard (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(symbol | 0x20), symbol < 0x80 else {
                throw QTuneError(.invalidModel, "'\(text)' is no equation of letters, '...', ',' and '->'")
            }
            if term.tail == nil { term.head.append(symbol) } else { term.tail?.append(symbol) }
            rest = rest.dropFirst()
        }
        return term
    }

    /// The labels that come once, in the order of their codes, behind what the ellipses stand for.
    private static func implicitResult(_ operands: [Term]) -> Term {
        var counts: [UInt8: Int] = [:]
        for letter in operands.flatMap(\.letters) { counts[letter, default: 0] += 1 }
        let once = counts.filter { $0.value == 1 }.keys.sorted()
        return operands.contains { $0.tail != nil } ? Term(tail: once) : Term(head: once)
    }

    /// The labels of each operand's and the result's axes, for operands of these numbers of axes.
    func labels(ranks: [Int]) throws -> (operands: [[Int]], result: [Int]) {
        guard ranks.count == operands.count else {
            throw QTuneError(.invalidModel, "an equation of \(operands.count) terms for \(ranks.count) operands")
        }
        var widest = 0
        let labels = try zip(operands, ranks).map { term, rank in
            let hidden = rank - term.letters.count
            guard hidden == 0 || hidden > 0 && term.tail != nil else {
                throw QTuneError(.invalidInput, "\(term.letters.count) labels for an operand of \(rank) axes")
            }
            if term.tail != nil { widest = max(widest, hidden) }
            return term.labels(ellipsis: hidden)
        }
        return (labels, result.labels(ellipsis: widest))
    }
}
