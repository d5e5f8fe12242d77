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
        guard classes == 2 else { return decideAmongMany(&sums, given) }
        var hasSecond = given[1]
        if base.count == 2 {
            if hasSecond {
                sums[1] = Real(base[1]) + sums[0]
                sums[0] = -sums[1]
            } else {
                sums[0] += Real(base[0])
                sums[1] += Real(base[1])
                hasSecond = true
            }
        } else if let only = base.first {
            sums[0] += Real(only)
        }
        let vote = given[1] ? sums[1] : given[0] ? sums[0] : 0
        let isPositive = hasOneTarget && arePositive ? vote > 0.5 : vote > 0
        if hasSecond {
            transform.apply(to: &sums)
        } else {
            sums = complete(sums[0])
        }
        return isPositive ? 1 : 0
    }

    private func decideAmongMany<Real: BinaryFloatingPoint>(_ sums: inout [Real], _ given: [Bool]) -> Int {
        for index in base.indices { sums[index] += Real(base[index]) }
        var best: Int?
        for index in sums.indices where given[index] || index < base.count {
            if best.map({ sums[index] > sums[$0] }) ?? true { best = index }
        }
        if classes > 1 || transform == .probit { transform.apply(to: &sums) }
        return best ?? 0
    }

    /// The scores of both classes from the vote for the second.
    private func complete<Real: BinaryFloatingPoint>(_ vote: Real) -> [Real] {
        if transform == .probit { return [ScoreTransform.probit(1 - vote), ScoreTransform.probit(vote)] }
        if hasOneTarget, arePositive { return [1 - vote, vote] }
        if transform == .logistic { return [ScoreTransform.logistic(-vote), ScoreTransform.logistic(vote)] }
        return [-vote, vote]
    }
}
