import QTuneKernels
import QTuneTensor
import Testing

struct LayoutTests {
    static let cases: [(Shape, [Int])] = [
        ([5], [0]), ([], []), ([3, 4], [1, 0]), ([3, 4], [0, 1]), ([1, 3, 17, 19], [0, 2, 3, 1]),
        ([2, 17, 19, 3], [0, 3, 1, 2]), ([2, 16, 8, 32], [0, 2, 3, 1]), ([4, 5, 6], [2, 1, 0]),
        ([4, 5, 6], [1, 0, 2]),
        ([2, 3, 4, 5], [3, 1, 0, 2]), ([2, 3, 4, 5], [1, 3, 0, 2]), ([33, 65], [1, 0]), ([0, 3], [1, 0]),
        ([1, 1, 7, 1], [3, 2, 0, 1]), ([8, 197, 12], [0, 2, 1]), ([100, 129], [1, 0]),
        ([2, 2, 5, 7], [0, 2, 3, 1]), ([1, 3, 64, 300], [0, 2, 3, 1]), ([1, 4, 9, 11], [0, 2, 3, 1]),
    ]

    @Test(arguments: CPUTier.available)
    func movesElementsOfEveryWidth(tier: CPUTier) {
        for (shape, permutation) in Self.cases {
            let order = Self.order(shape, permutation)
            let target = Shape(permutation.map { shape[$0] })
            let numbers = Array(0..<shape.elementCount)
            for pool in [ThreadPool(threads: 1), ThreadPool(threads: 3)] {
                func moved<Element: TensorElement & Equatable>(_ values: [Element]) -> Bool {
                    let output = Tensor(zeros: Element.dtype, shape: target)
                    Layout.transpose(
                        Tensor(values, shape: shape), permutation: permutation, into: output, pool: pool, tier: tier)
                    return output.array(of: Element.self) == order.map { values[$0] }
                }
                #expect(moved(numbers.map { UInt8(truncatingIfNeeded: $0 &* 7) }), "1 byte, \(shape) \(permutation)")
                #expect(moved(numbers.map { UInt16(truncatingIfNeeded: $0) }), "2 bytes, \(shape) \(permutation)")
                #expect(moved(numbers.map { Float($0) }), "4 bytes, \(shape) \(permutation)")
                #expect(moved(numbers.map { Double($0) }), "8 bytes, \(shape) \(permutation)")
            }
        }
    }

    @Test func movesElementsOfSixteenBytes() {
        let x = Tensor((0..<12).map { Double($0) }, shape: [12])
        guard let storage = x.storage else { return }
        let output = Tensor(zeros: .complex128, shape: [3, 2])
        Layout.transpose(
            Tensor(dtype: .complex128, shape: [2, 3], storage: storage), permutation: [1, 0], into: output,
            pool: ThreadPool(threads: 1))
        guard let moved = output.storage else { return }
        let numbers = Tensor(dtype: .float64, shape: [12], storage: moved).array(of: Double.self)
        #expect(numbers == [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11])
    }

    /// For each output element the index of the input element it comes from.
    static func order(_ shape: Shape, _ permutation: [Int]) -> [Int] {
        let target = Shape(permutation.map { shape[$0] })
        let strides = shape.strides
        return (0..<target.elementCount).map { index in
            var (rest, source) = (index, 0)
            for axis in (0..<target.rank).reversed() {
                source += rest % target[axis] * strides[permutation[axis]]
                rest /= target[axis]
            }
            return source
        }
    }
}

struct KernelCatalogTests {
    @Test func everyFamilyEndsInAScalarReferenceAndServesEveryTier() {
        for family in KernelCatalog.families {
            #expect(family.rows.last?.instructions.isEmpty == true, "\(family.name)")
            #expect(Set(family.rows.map(\.name)).count == family.rows.count)
            for row in family.rows {
                #expect(row.name.hasPrefix("qt_"), "\(row.name)")
                #expect(row.name.contains("__"), "\(row.name)")
            }
            for tier in CPUTier.available { #expect(family.picked(for: tier) != nil) }
        }
    }
}
