internal import QTuneQuantization

/// The path from the smallest file towards float: each candidate takes one more step of a ranking than the one before.
///
/// This is the published tool's strategy; what a path is worth depends on the ranking.
public struct ProgressiveExemption: Sendable {
    /// Every candidate of the path, full int8 first. Some may turn out to be the same network.
    public let candidates: [Candidate]

    /// - Parameters:
    ///   - ranking: the steps.
    public init(_ ranking: ExemptionRanking) {
        guard let base = ranking.base, case .recipe(var recipe) = base.source else {
            candidates = (0...ranking.steps.count).map { count in
                let last = count == 0 ? "" : ", \(count) exempt up to \(ranking.steps[count - 1].name)"
                return Candidate(label: "published int8" + last, source: .published(exempting: count))
            }
            return
        }
        var path = [base]
        for step in ranking.steps {
            recipe.groups[step.name, default: Recipe.GroupChoice()].take(step.change)
            path.append(Candidate(label: Self.label(recipe, last: step), source: .recipe(recipe)))
        }
        candidates = path
    }

    private static func label(_ recipe: Recipe, last: ExemptionRanking.Step) -> String {
        let float = recipe.groups.values.filter { $0.precision == .float32 }.count
        let channel = recipe.groups.values.filter { $0.granularity == .channel && $0.precision != .float32 }.count
        var parts = ["int8"]
        if recipe.granularity == .tensor { parts.append("\(channel) per channel") }
        if float > 0 { parts.append("\(float) float") }
        return parts.joined(separator: ", ") + "; last \(last.name)"
    }
}

extension Recipe.GroupChoice {
    fileprivate mutating func take(_ change: ExemptionRanking.Step.Change) {
        switch change {
        case .perChannel: granularity = .channel
        case .float32: precision = .float32
        }
    }
}
