internal import QTuneTensor
internal import Synchronization

/// Memory that kernels write intermediate results to, kept from one call to the next: fresh pages cost more than the
/// work that is done in them.
enum ScratchMemory {
    /// Blocks that nobody uses at the moment; at most one for each thread that ran a kernel at the same time.
    private static let idle = Mutex<[TensorStorage]>([])
    /// Larger blocks go back to the system.
    private static let keptBytes = 16 << 20

    /// Calls `body` with `count` floats that hold anything.
    static func withFloats(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let byteCount = count * MemoryLayout<Float>.stride
        let block = idle.withLock { $0.popLast() }.flatMap { $0.byteCount >= byteCount ? $0 : nil }
            ?? TensorStorage(byteCount: byteCount)
        body(block.base.assumingMemoryBound(to: Float.self))
        guard block.byteCount <= keptBytes else { return }
        idle.withLock { $0.append(block) }
    }
}
