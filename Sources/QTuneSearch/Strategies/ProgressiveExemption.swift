internal import QTuneQuantization

/// The path from full int8 towards float: each candidate exempts one more step of a ranking than the one before.
///
/// This is the published tool's strategy; what a path is worth depends on the ranking.
public struct ProgressiveExemption: Sendable {
    /// Every candidate of the path, full int8 first. Some may turn out to be the same network.
    public let candidates: [Candidate]

    /// - Parameters:
    ///   - ranking: the order of exemptions.
    ///   - alternatives: candidates to evaluate before the path.
    public init(_ ranking: ExemptionRanking, alternatives: [Candidate] = []) {
        let path = (0...ranking.steps.count).map { count -> Candidate in
            let exempt = Array(ranking.steps.prefix(count))
            guard case .recipe(let base)? = ranking.base?.source else {
                return Candidate(label: Self.label("published int8", exempt), source: .published(exempting: count))
            }
            return Candidate(label: Self.label(ranking.base?.label ?? "int8", exempt), source: .recipe(base.excluding(exempt)))
        }
        candidates = alternatives + path
    }

    private static func label(_ base: String, _ exempt: [String]) -> String {
        switch exempt.count {
        case 0: base
        case 1: "\(base), float: \(exempt[0])"
        default: "\(base), float: \(exempt.count) groups up to \(exempt[exempt.count - 1])"
        }
    }
}
