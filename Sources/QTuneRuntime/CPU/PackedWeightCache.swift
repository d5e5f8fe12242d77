internal import QTuneTensor
internal import Synchronization

/// Packed weights by what they were packed from and for which kernel, shared by every session of the process as long
/// as one of them uses them. Evaluating many candidates that differ in a few layers packs only those layers.
final class PackedWeightCache: Sendable {
    static let shared = PackedWeightCache()

    /// What packed weights depend on: the memory they come from, and everything else.
    private struct Key: Hashable, @unchecked Sendable {
        /// Serial numbers of the memory, which nobody else gets when it is freed.
        let sources: [UInt64]
        let types: [DType]
        let shapes: [Shape]
        let result: ObjectIdentifier
        /// Of a type that is `Sendable`, see `packed`.
        let parameters: AnyHashable
    }

    private struct Entry {
        weak var owner: AnyObject?
    }

    private let entries = Mutex<[Key: Entry]>([:])
    /// Entries at which those of dead weights are swept out.
    private static let sweepCount = 4096

    /// The packed form of `sources`, made by `pack` if nobody holds it yet.
    /// - Parameter parameters: everything else that `pack` depends on.
    func packed<Weights: AnyObject & Sendable>(
        _ sources: [Tensor], parameters: some Hashable & Sendable, pack: () throws -> Weights
    ) rethrows -> PackedWeights<Weights> {
        let key = Key(
            sources: sources.compactMap { $0.storage?.serialNumber }, types: sources.map(\.dtype),
            shapes: sources.map(\.shape), result: ObjectIdentifier(Weights.self), parameters: AnyHashable(parameters))
        if let owner = entries.withLock({ $0[key]?.owner }) as? PackedWeights<Weights>.Owner {
            return PackedWeights(owner: owner)
        }
        let owner = PackedWeights.Owner(try pack())
        entries.withLock { entries in
            if entries.count >= Self.sweepCount { entries = entries.filter { $0.value.owner != nil } }
            entries[key] = Entry(owner: owner)
        }
        return PackedWeights(owner: owner)
    }
}

/// A share in packed weights, which last as long as one of their shares.
struct PackedWeights<Weights: AnyObject & Sendable>: Sendable {
    /// The weights themselves. Nothing refers to them weakly, which would make every use of them slower.
    let weights: Weights
    private let owner: Owner

    /// What the cache refers to.
    final class Owner: Sendable {
        let weights: Weights

        init(_ weights: Weights) { self.weights = weights }
    }

    init(owner: Owner) {
        self.owner = owner
        weights = owner.weights
    }
}
