internal import Synchronization

/// The bytes behind tensors: one aligned allocation, a slice of another storage, or memory that someone else owns.
///
/// Storage is shared by reference. Whoever makes a tensor fills it before handing it on; from then on it is only read,
/// which is what makes sharing between threads sound.
@usableFromInline package final class TensorStorage: @unchecked Sendable {
    package let byteCount: Int
    /// No other storage of this process ever has the same.
    package let serialNumber = TensorStorage.made.wrappingAdd(1, ordering: .relaxed).newValue
    /// Where the bytes are, aligned or not.
    private let place: UnsafeMutableRawPointer
    /// Whether `place` does for readers that count on alignment and padding.
    private let isWellPlaced: Bool
    /// The aligned copy of bytes that are not well placed, once somebody wanted it.
    private let copy = Atomic<UnsafeMutableRawPointer?>(nil)
    private let owner: Owner

    /// Who gives the memory back.
    private enum Owner {
        case storage
        case parent(TensorStorage)
        case foreign(release: () -> Void, discard: (() -> Void)?)
    }

    private static let made = Atomic<UInt64>(0)

    /// Bytes that every allocation starts on a multiple of: a cache line, and the widest vector register.
    package static let alignment = 64

    /// Bytes past the end of an owned allocation that may be read, so that kernels can load whole vectors.
    package static let readablePadding = 64

    /// Fresh memory, not initialised.
    package init(byteCount: Int) {
        let memory = Self.allocate(byteCount)
        place = memory
        self.byteCount = byteCount
        isWellPlaced = true
        owner = .storage
    }

    /// A part of `parent`, which is kept alive.
    package init(slicing parent: TensorStorage, offset: Int, byteCount: Int) {
        precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= parent.byteCount, "slice past the end")
        place = parent.base + offset
        self.byteCount = byteCount
        isWellPlaced = true
        owner = .parent(parent)
    }

    /// Memory of somebody else's.
    /// - Parameters:
    ///   - isWellPlaced: whether it is aligned, and readable past its end, as memory of one's own is. Where it is not,
    ///     `base` makes a copy that is.
    ///   - discard: gives back what the memory takes; the next reader finds the same bytes there, more slowly.
    ///   - release: called once when no tensor needs the memory any more.
    package init(
        foreign place: UnsafeMutableRawPointer, byteCount: Int, isWellPlaced: Bool = true,
        discard: (() -> Void)? = nil, release: @escaping () -> Void
    ) {
        self.place = place
        self.byteCount = byteCount
        self.isWellPlaced = isWellPlaced
        owner = .foreign(release: release, discard: discard)
    }

    /// The bytes, aligned and padded.
    package var base: UnsafeMutableRawPointer { isWellPlaced ? place : alignedCopy() }

    /// The bytes where they lie, for readers that take them one by one or copy them.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: place, count: byteCount) }

    /// Whether `base` is there without a copy being made for it.
    package var isAligned: Bool { isWellPlaced || copy.load(ordering: .relaxed) != nil }

    /// Says that the bytes will hardly be read again, so that the memory they take may go where they can be had back.
    package func discardResidentPages() {
        if case .foreign(_, let discard?) = owner { discard() }
    }

    /// The addresses of the bytes, to tell whether two tensors share memory.
    package var addresses: Range<UInt> {
        let start = UInt(bitPattern: place)
        return start..<(start + UInt(byteCount))
    }

    private static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer.allocate(byteCount: byteCount + readablePadding, alignment: alignment)
    }

    private func alignedCopy() -> UnsafeMutableRawPointer {
        if let made = copy.load(ordering: .acquiring) { return made }
        let fresh = Self.allocate(byteCount)
        fresh.copyMemory(from: place, byteCount: byteCount)
        let (isFirst, other) = copy.compareExchange(
            expected: nil, desired: fresh, ordering: .acquiringAndReleasing)
        guard !isFirst, let other else { return fresh }
        fresh.deallocate()
        return other
    }

    deinit {
        copy.load(ordering: .acquiring)?.deallocate()
        switch owner {
        case .storage: place.deallocate()
        case .parent: break
        case .foreign(let release, _): release()
        }
    }
}
