import QTuneTensor
import Synchronization
import Testing

struct TensorStorageTests {
    @Test(arguments: [0, 1, 63, 64, 65, 4097])
    func ownedMemoryIsAligned(byteCount: Int) {
        let storage = TensorStorage(byteCount: byteCount)
        #expect(storage.byteCount == byteCount)
        #expect(storage.addresses.lowerBound % UInt(TensorStorage.alignment) == 0)
        #expect(storage.addresses.count == byteCount)
    }

    /// Those of 64 KiB and more share blocks of 32 MiB, or get one of their own.
    @Test(arguments: [
        [0, 1], [65_535, 65_536], [100_001, 70_000, 100_001], [20 << 20, 20 << 20], [40 << 20, 65_536],
    ])
    func lastingMemoryIsAlignedAndApart(byteCounts: [Int]) {
        let storages = byteCounts.map { LastingMemory.storage(byteCount: $0) }
        for (index, storage) in storages.enumerated() {
            #expect(storage.byteCount == byteCounts[index])
            #expect(storage.addresses.lowerBound % UInt(TensorStorage.alignment) == 0)
            guard storage.byteCount > 0 else { continue }
            storage.base.storeBytes(of: UInt8(index + 1), as: UInt8.self)
            storage.base.storeBytes(of: UInt8(index + 1), toByteOffset: storage.byteCount - 1, as: UInt8.self)
        }
        for (index, storage) in storages.enumerated() where storage.byteCount > 0 {
            #expect(storage.bytes.first == UInt8(index + 1))
            #expect(storage.bytes.last == UInt8(index + 1))
            for other in storages[..<index] { #expect(!other.addresses.overlaps(storage.addresses)) }
        }
    }

    /// Where one ends, its neighbours keep all of their bytes.
    @Test(arguments: [65_536, 100_001, 3 << 20]) func lastingMemoryOutlivesItsNeighbours(byteCount: Int) {
        let counts = [70_001, byteCount, 70_001]
        var storages: [TensorStorage?] = counts.map { LastingMemory.storage(byteCount: $0) }
        for storage in storages {
            guard let storage else { continue }
            storage.base.initializeMemory(as: UInt8.self, repeating: 7, count: storage.byteCount)
        }
        storages[1] = nil
        for storage in storages { #expect(storage?.bytes.allSatisfy { $0 == 7 } ?? true) }
        storages[0] = nil
        #expect(storages[2]?.bytes.allSatisfy { $0 == 7 } == true)
    }

    @Test func slicesKeepTheirParentAlive() {
        var parent: TensorStorage? = TensorStorage(byteCount: 128)
        parent?.base.storeBytes(of: 0x0102_0304, toByteOffset: 64, as: UInt32.self)
        weak let watched = parent
        var slice = parent.map { TensorStorage(slicing: $0, offset: 64, byteCount: 4) }
        parent = nil
        #expect(watched != nil)
        #expect(slice?.base.load(as: UInt32.self) == 0x0102_0304)
        var tensor = slice.map { Tensor(dtype: .uint8, shape: [4], storage: $0) }
        slice = nil
        #expect(tensor?.array(of: UInt8.self) == [4, 3, 2, 1])
        tensor = nil
        #expect(watched == nil)
    }

    @Test func foreignMemoryIsReleasedOnce() {
        let releases = Mutex(0)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8, alignment: 8)
        memory.storeBytes(of: 42, as: Int64.self)
        do {
            let storage = TensorStorage(foreign: memory, byteCount: 8) {
                releases.withLock { $0 += 1 }
                memory.deallocate()
            }
            let tensor = Tensor(dtype: .int64, shape: [1], storage: storage)
            let copies = [tensor, tensor.reshaped(to: .scalar), tensor.reinterpreted(as: .uint64)]
            #expect(copies.map(\.integers) == [[42], [42], [42]])
            #expect(releases.withLock { $0 } == 0)
        }
        #expect(releases.withLock { $0 } == 1)
    }

    @Test func viewsShareMemory() {
        let tensor = Tensor([Int32(1), 2, 3, 4, 5, 6], shape: [2, 3])
        let view = tensor.reshaped(to: [3, 2])
        #expect(view.storage === tensor.storage)
        #expect(view.array(of: Int32.self) == [1, 2, 3, 4, 5, 6])
        #expect(Tensor([Int32(1)]).storage !== Tensor([Int32(1)]).storage)
    }
}
