/// How the votes of trees for classes become a class and its scores.
///
/// With two classes of which the trees vote for only one, that vote decides: against 0.5 where all weights are positive
/// (they are probabilities then), against 0 elsewhere, and the other class gets what is left. The standard leaves these
/// cases open; this is how the field's engines read them.
struct ClassVotes: Sendable {
    let base: [Double]
    let transform: ScoreTransform
    let classes: Int
    /// Whether all weights are for one class.
    let hasOneTarget: Bool
    /// Whether no weight is negative.
    let arePositive: Bool

    /// The class of a sample; makes scores of its sums.
    func decide<Real: BinaryFloatingPoint>(_ sums: inout [Real], _ given: [Bool]) -> Int {
        for index in base.indices { sums[index] += Real(base[index]) }
        guard classes == 1 || classes == 2 && hasOneTarget else { return decideAmongMany(&sums, given) }
        let vote = classes == 2 && given[1] ? sums[1] : sums[0]
        let isPositive = arePositive && classes == 2 ? vote > 0.5 : vote > 0
        if classes == 2, given[1] || base.count == 2 {
            transform.apply(to: &sums)
        } else if classes == 2 {
            sums = transform.complete(sums[0], isProbability: arePositive)
        } else if transform == .probit {
            transform.apply(to: &sums)
        }
        return isPositive ? 1 : 0
    }

    /// The class with the most votes, the first of equals. Classes without a vote do not count.
    private func decideAmongMany<Real: BinaryFloatingPoint>(_ sums: inout [Real], _ given: [Bool]) -> Int {
        var best: Int?
        for index in sums.indices where given[index] || index < base.count {
            if best.map({ sums[index] > sums[$0] }) ?? true { best = index }
        }
        transform.apply(to: &sums)
        return best ?? 0
    }
}
