internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#endif

/// Memory for what lasts from run to run of a network and is gone through in each of them: packed weights, and the
/// arenas of plans. It is taken from large blocks, which Linux is asked to back with huge pages: a core then finds
/// addresses in them without walking its page tables, and fetches ahead past every 4 KiB.
package enum LastingMemory {
    /// Where the next storage goes. A block lives as long as one of the storages in it; pages that no other one lies on
    /// go back as soon as a storage ends.
    private struct Block {
        weak var storage: TensorStorage?
        var used = 0
    }

    private static let block = Mutex(Block())
    private static let hugePage = 2 << 20
    /// Only the pages of a block that somebody writes to take memory.
    private static let blockBytes = 32 << 20
    /// Less than this gains nothing.
    private static let leastBytes = 64 << 10

    /// Fresh memory, not initialised.
    package static func storage(byteCount: Int) -> TensorStorage {
        guard byteCount >= leastBytes else { return TensorStorage(byteCount: byteCount) }
        let needed = byteCount + TensorStorage.readablePadding
        return block.withLock { block in
            if let storage = block.storage, needed <= storage.byteCount - block.used {
                return take(byteCount, of: storage, &block)
            }
            let fresh = makeBlock(byteCount: max(needed, blockBytes))
            block = Block(storage: fresh)
            return take(byteCount, of: fresh, &block)
        }
    }

    /// The next `byteCount` bytes of a block, which has that many left, and those that may be read past them.
    private static func take(_ byteCount: Int, of storage: TensorStorage, _ block: inout Block) -> TensorStorage {
        let place = storage.base + block.used
        let end = block.used + byteCount + TensorStorage.readablePadding
        block.used = (end + TensorStorage.alignment - 1) / TensorStorage.alignment * TensorStorage.alignment
        return TensorStorage(foreign: place, byteCount: byteCount) {
            giveBackPages(of: place, byteCount)
            extendLifetime(storage)
        }
    }

    private static func giveBackPages(of place: UnsafeMutableRawPointer, _ byteCount: Int) {
        #if canImport(Glibc)
            let page = Int(getpagesize())
            let first = place.alignedUp(toMultipleOf: page)
            let end = (place + byteCount).alignedDown(toMultipleOf: page)
            if first < end { _ = madvise(first, end - first, MADV_DONTNEED) }
        #endif
    }

    private static func makeBlock(byteCount: Int) -> TensorStorage {
        let size = (byteCount + hugePage - 1) / hugePage * hugePage
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: hugePage)
        #if canImport(Glibc)
            // Where the system declines, the memory is as good as any other.
            _ = madvise(memory, size, MADV_HUGEPAGE)
        #endif
        return TensorStorage(foreign: memory, byteCount: size) { memory.deallocate() }
    }
}
