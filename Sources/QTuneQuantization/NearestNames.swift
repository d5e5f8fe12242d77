/// The names that look most like `name`, best first, at most three.
func nearestNames(to name: String, among candidates: [String]) -> [String] {
    let wanted = Array(name.lowercased().utf8)
    let scored = candidates.map { candidate -> (name: String, score: Int) in
        let other = Array(candidate.lowercased().utf8)
        let isPart = candidate.lowercased().contains(name.lowercased())
        return (candidate, isPart ? 0 : editDistance(wanted, other))
    }
    let worst = max(2, wanted.count / 2)
    return scored.filter { $0.score <= worst }.sorted { ($0.score, $0.name) < ($1.score, $1.name) }.prefix(3).map(
        \.name)
}

/// How many insertions, deletions and changes of one character turn `a` into `b`.
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var previous = Array(0...b.count)
    for (row, left) in a.enumerated() {
        var current = [row + 1]
        for (column, right) in b.enumerated() {
            current.append(
                min(previous[column + 1] + 1, current[column] + 1, previous[column] + (left == right ? 0 : 1)))
        }
        previous = current
    }
    return previous[b.count]
}
