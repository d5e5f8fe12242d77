internal import QTuneTensor
internal import Synchronization

/// Quantized weights by what they were made of, so that many recipes share one copy in memory and engines that pack
/// weights pack them once.
final class WeightCache: Sendable {
    struct Key: Hashable {
        var name: String
        var dtype: DType
        var axis: Int?
        var scale: Recipe.WeightScale
    }

    private let entries = Mutex<[Key: QuantizedWeights]>([:])

    /// The entry for `key`; made where there is none yet.
    func weights(_ key: Key, _ make: () throws -> QuantizedWeights) rethrows -> QuantizedWeights {
        if let known = entries.withLock({ $0[key] }) { return known }
        let made = try make()
        return entries.withLock { table in
            let kept = table[key] ?? made
            table[key] = kept
            return kept
        }
    }
}
