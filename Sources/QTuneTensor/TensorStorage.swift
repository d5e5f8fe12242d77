/// The bytes behind tensors: one aligned allocation, a slice of another storage, or memory that someone else owns.
///
/// Storage is shared by reference. Whoever makes a tensor fills it before handing it on; from then on it is only read,
/// which is what makes sharing between threads sound.
package final class TensorStorage: @unchecked Sendable {
    package let base: UnsafeMutableRawPointer
    package let byteCount: Int
    private let release: () -> Void

    /// Bytes that every allocation starts on a multiple of: a cache line, and the widest vector register.
    package static let alignment = 64

    /// Bytes past the end of an owned allocation that may be read, so that kernels can load whole vectors.
    package static let readablePadding = 64

    /// Fresh memory, not initialised.
    package init(byteCount: Int) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: byteCount + Self.readablePadding, alignment: Self.alignment)
        base = memory
        self.byteCount = byteCount
        release = { memory.deallocate() }
    }

    /// A part of `parent`, which is kept alive.
    package init(slicing parent: TensorStorage, offset: Int, byteCount: Int) {
        precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= parent.byteCount, "slice past the end")
        base = parent.base + offset
        self.byteCount = byteCount
        release = { withExtendedLifetime(parent) {} }
    }

    /// Memory of somebody else's; `release` is called once when no tensor needs it any more.
    package init(foreign base: UnsafeMutableRawPointer, byteCount: Int, release: @escaping () -> Void) {
        self.base = base
        self.byteCount = byteCount
        self.release = release
    }

    /// The addresses of the bytes, to tell whether two tensors share memory.
    package var addresses: Range<UInt> {
        let start = UInt(bitPattern: base)
        return start..<(start + UInt(byteCount))
    }

    deinit { release() }
}
