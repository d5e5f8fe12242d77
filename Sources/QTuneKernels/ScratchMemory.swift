package import QTuneTensor
internal import Synchronization

/// Memory that kernels write intermediate results to, kept from one call to the next: fresh pages cost more than the
/// work that is done in them.
package enum ScratchMemory {
    /// Blocks that nobody uses at the moment; at most one for each thread that ran a kernel at the same time.
    private static let idle = Mutex<[TensorStorage]>([])
    /// Larger blocks go back to the system.
    private static let keptBytes = 16 << 20

    /// Calls `body` with `count` floats that hold anything.
    static func withFloats<Result>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        let block = borrow(floats: count)
        defer { giveBack(block) }
        return body(block.base.assumingMemoryBound(to: Float.self))
    }

    /// Calls `body` with `byteCount` bytes, aligned, that hold anything.
    static func withBytes(_ byteCount: Int, _ body: (UnsafeMutableRawPointer?) -> Void) {
        guard byteCount > 0 else { return body(nil) }
        let block = borrow(floats: (byteCount + 3) / 4)
        body(block.base)
        giveBack(block)
    }

    /// Calls `body` with a float32 tensor of `shape` that holds anything, and that nobody keeps.
    package static func withFloats<Result>(_ shape: Shape, _ body: (Tensor) throws -> Result) rethrows -> Result {
        let block = borrow(floats: shape.elementCount)
        defer { giveBack(block) }
        return try body(Tensor(dtype: .float32, shape: shape, storage: block))
    }

    /// At least `count` floats that hold anything.
    static func borrow(floats count: Int) -> TensorStorage {
        let byteCount = count * MemoryLayout<Float>.stride
        if let block = idle.withLock({ $0.popLast() }), block.byteCount >= byteCount { return block }
        return TensorStorage(byteCount: byteCount)
    }

    /// Keeps `block`, which was borrowed, for the next borrower.
    static func giveBack(_ block: TensorStorage) {
        guard block.byteCount <= keptBytes else { return }
        idle.withLock { $0.append(block) }
    }
}

extension Tensor {
    /// Calls `body` with the float32 elements in `range`, aligned: where they lie, or a copy as long as the call lasts.
    /// What is packed and then not needed any more is not copied as a whole.
    func withAlignedFloats(_ range: Range<Int>, _ body: (UnsafePointer<Float>) -> Void) {
        guard let storage, !storage.isAligned, let source = rawBytes.baseAddress else {
            return body(unsafeElements(Float.self) + range.lowerBound)
        }
        let stride = MemoryLayout<Float>.stride
        ScratchMemory.withFloats(range.count) { copy in
            UnsafeMutableRawPointer(copy).copyMemory(
                from: source + range.lowerBound * stride, byteCount: range.count * stride)
            body(copy)
        }
    }
}
