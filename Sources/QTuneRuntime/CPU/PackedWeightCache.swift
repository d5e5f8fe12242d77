internal import QTuneTensor
internal import Synchronization

/// Packed weights by what they were packed from and for which kernel, shared by every session of the process as long
/// as one of them uses them. Evaluating many candidates that differ in a few layers packs only those layers.
final class PackedWeightCache: Sendable {
    static let shared = PackedWeightCache()

    /// What packed weights depend on: the memory they come from, and everything else.
    private struct Key: Hashable, @unchecked Sendable {
        let sources: [ObjectIdentifier]
        let types: [DType]
        let shapes: [Shape]
        let result: ObjectIdentifier
        /// Of a type that is `Sendable`, see `packed`.
        let parameters: AnyHashable
    }

    private struct Entry {
        /// Kept to notice when memory was freed and its identity taken by another storage.
        let sources: [Weak<TensorStorage>]
        let packed: Weak<AnyObject>

        /// The packed weights, if they and what they were made from are still there.
        func value<Packed: AnyObject>(_ type: Packed.Type, from storages: [TensorStorage]) -> Packed? {
            guard zip(sources, storages).allSatisfy({ $0.object === $1 }) else { return nil }
            return packed.object as? Packed
        }
    }

    private struct Weak<Object: AnyObject> {
        weak var object: Object?
    }

    private let entries = Mutex<[Key: Entry]>([:])
    /// Entries at which those of dead weights are swept out.
    private static let sweepCount = 4096

    /// The packed form of `sources`, made by `pack` if nobody holds it yet.
    /// - Parameter parameters: everything else that `pack` depends on.
    func packed<Packed: AnyObject & Sendable>(
        _ sources: [Tensor], parameters: some Hashable & Sendable, pack: () throws -> Packed
    ) rethrows -> Packed {
        let storages = sources.compactMap(\.storage)
        let key = Key(
            sources: storages.map(ObjectIdentifier.init), types: sources.map(\.dtype), shapes: sources.map(\.shape),
            result: ObjectIdentifier(Packed.self), parameters: AnyHashable(parameters))
        if let known = entries.withLock({ $0[key]?.value(Packed.self, from: storages) }) { return known }
        let made = try pack()
        entries.withLock { entries in
            if entries.count >= Self.sweepCount { entries = entries.filter { $0.value.packed.object != nil } }
            entries[key] = Entry(sources: storages.map { Weak(object: $0) }, packed: Weak(object: made))
        }
        return made
    }
}
