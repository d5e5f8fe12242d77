import QTuneTensor

/// A regular expression in the syntax of RE2, matched in time linear in the text whatever the expression is: all ways
/// to match are followed at once (Thompson), none is tried after another.
struct RegularExpression: Sendable {
    private let program: RegularProgram

    /// - Throws: where the expression is not valid, or uses what is not done here.
    init(_ pattern: String) throws {
        program = try locating("pattern '\(pattern.prefix(60))'") {
            var parser = RegularParser(pattern)
            return try RegularProgram(try parser.parse())
        }
    }

    /// Whether the whole of `text` matches.
    func matchesWhole(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var (current, next) = (StateSet(program.steps.count), StateSet(program.steps.count))
        program.follow(program.start, at: 0, in: scalars, into: &current)
        for (place, scalar) in scalars.enumerated() {
            guard !current.members.isEmpty else { return false }
            for state in current.members {
                guard case .take(let set, let target) = program.steps[state], set.contains(scalar) else { continue }
                program.follow(target, at: place + 1, in: scalars, into: &next)
            }
            swap(&current, &next)
            next.removeAll()
        }
        return current.members.contains { if case .accept = program.steps[$0] { true } else { false } }
    }
}

/// An expression as steps of an automaton.
private struct RegularProgram: Sendable {
    enum Step: Sendable {
        /// Takes a character of the set.
        case take(ScalarSet, next: Int)
        /// Goes on at both places.
        case split(Int, Int)
        /// Goes on where the assertion holds.
        case assert(RegularAssertion, next: Int)
        case accept
    }

    private(set) var steps: [Step] = [.accept]
    private(set) var start = 0

    /// Repetitions multiply: more steps than this would be too slow for any text.
    private static let mostSteps = 20_000
    /// Parts of the expression may make no steps, but each takes its time, as often as it is repeated.
    private static let mostAdditions = 10 * mostSteps
    private var additions = 0

    /// Steps are made from the end of the expression to its start, so that each knows what comes after it.
    init(_ expression: RegularNode) throws { start = try add(expression, before: 0) }

    private mutating func append(_ step: Step) throws -> Int {
        guard steps.count < Self.mostSteps else {
            throw QTuneError(.unsupported, "the expression has more than \(Self.mostSteps) steps")
        }
        steps.append(step)
        return steps.count - 1
    }

    /// Adds the steps of `node`, which go on at `next`, and gives the first.
    private mutating func add(_ node: RegularNode, before next: Int) throws -> Int {
        additions += 1
        guard additions <= Self.mostAdditions else {
            throw QTuneError(.unsupported, "the expression has more than \(Self.mostAdditions) parts")
        }
        switch node {
        case .empty: return next
        case .set(let set): return try append(.take(set, next: next))
        case .assertion(let assertion): return try append(.assert(assertion, next: next))
        case .sequence(let parts): return try parts.reversed().reduce(next) { try add($1, before: $0) }
        case .choice(let choices):
            var result: Int?
            for choice in choices {
                let first = try add(choice, before: next)
                result = try result.map { try append(.split($0, first)) } ?? first
            }
            return result ?? next
        case .repetition(let part, let least, let most):
            return try addRepetition(of: part, least, most, before: next)
        }
    }

    private mutating func addRepetition(
        of part: RegularNode, _ least: Int, _ most: Int?, before next: Int
    ) throws -> Int {
        var first = next
        if let most {
            for _ in 0..<max(0, most - least) {
                first = try append(.split(try add(part, before: first), next))
            }
        } else {
            // The way back is known only when the part is made.
            first = try append(.split(next, next))
            steps[first] = .split(try add(part, before: first), next)
        }
        for _ in 0..<least { first = try add(part, before: first) }
        return first
    }

    /// Adds to `states` the step at `start` and those reached from it without taking a character.
    func follow(_ start: Int, at place: Int, in text: [Unicode.Scalar], into states: inout StateSet) {
        var pending = [start]
        while let step = pending.popLast() {
            guard states.insert(step) else { continue }
            switch steps[step] {
            case .take, .accept: break
            case .split(let first, let second):
                pending.append(first)
                pending.append(second)
            case .assert(let assertion, let next):
                if assertion.holds(at: place, in: text) { pending.append(next) }
            }
        }
    }
}

/// A set of steps that is quick to empty.
private struct StateSet {
    private(set) var members: [Int] = []
    private var isMember: [Bool]

    init(_ count: Int) { isMember = [Bool](repeating: false, count: count) }

    /// Whether the step was not there yet.
    mutating func insert(_ step: Int) -> Bool {
        guard !isMember[step] else { return false }
        isMember[step] = true
        members.append(step)
        return true
    }

    mutating func removeAll() {
        for member in members { isMember[member] = false }
        members.removeAll(keepingCapacity: true)
    }
}
