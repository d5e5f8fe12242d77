import Foundation
import QTuneTensor
import Testing

/// Tensors over a file that is mapped into memory.
struct MappedFileTests {
    private static let elements = (0..<10_000).map { Float($0) * 0.25 - 3 }

    private func withFile<Result>(offset: Int, _ body: (MappedFile) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("qtune-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = Self.elements.withUnsafeBytes { Data(repeating: 9, count: offset) + Data($0) }
        try bytes.write(to: URL(fileURLWithPath: path))
        return try body(MappedFile(path: path))
    }

    @Test(arguments: [0, 64, 1, 2, 13, 4095])
    func isReadWhereItLies(offset: Int) throws {
        try withFile(offset: offset) { file in
            let tensor = try #require(file.tensor(dtype: .float32, shape: [100, 100], offset: offset))
            let storage = try #require(tensor.storage)
            #expect(storage.isAligned == (offset % TensorStorage.alignment == 0))
            #expect(tensor.array(of: Float.self) == Self.elements)
            #expect(tensor.withBytes { $0.count } == 40_000)
            #expect(storage.isAligned == (offset % TensorStorage.alignment == 0))
            // Whoever needs alignment gets it.
            #expect(tensor.withSpan(of: Float.self) { $0[9_999] } == Self.elements[9_999])
            #expect(UInt(bitPattern: storage.base) % UInt(TensorStorage.alignment) == 0 && storage.isAligned)
            #expect(tensor == Tensor(Self.elements, shape: [100, 100]))
            #expect(file.tensor(dtype: .float32, shape: [100, 101], offset: offset) == nil)
        }
    }

    @Test(arguments: [0, 3])
    func discardedPagesComeBack(offset: Int) throws {
        try withFile(offset: offset) { file in
            let tensor = try #require(file.tensor(dtype: .float32, shape: [10_000], offset: offset))
            #expect(tensor.array(of: Float.self) == Self.elements)
            tensor.storage?.discardResidentPages()
            #expect(tensor.array(of: Float.self) == Self.elements)
            tensor.storage?.discardResidentPages()
            #expect(tensor.withSpan(of: Float.self) { span in span.indices.map { span[$0] } } == Self.elements)
        }
    }

    @Test func threadsShareOneAlignedCopy() async throws {
        let tensor = try withFile(offset: 5) { file in
            try #require(file.tensor(dtype: .float32, shape: [10_000], offset: 5))
        }
        let places = await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<8 { group.addTask { tensor.storage.map { UInt(bitPattern: $0.base) } ?? 0 } }
            return await group.reduce(into: Set<UInt>()) { $0.insert($1) }
        }
        #expect(places.count == 1)
        #expect(tensor.array(of: Float.self) == Self.elements)
    }
}
