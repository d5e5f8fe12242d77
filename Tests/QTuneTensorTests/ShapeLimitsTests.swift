import QTuneTensor
import Testing

struct ShapeLimitsTests {
    @Test(
        arguments: [
            ([], 1), ([0], 0), ([0, .max, .max], nil), ([.max], .max), ([.max, 2], nil), ([2, .max, 0], nil),
            ([-1], nil), ([0, -1], nil), ([.min], nil), ([1 << 31, 1 << 31], 1 << 62), ([1 << 31, 1 << 32], nil),
        ] as [([Int], Int?)])
    func lengthsFromOutside(dimensions: [Int], elements: Int?) {
        #expect(Shape(checking: dimensions)?.elementCount == elements)
    }

    /// Shapes without elements may be long along other axes: their product still has to fit.
    @Test(
        arguments: [
            ([0, 1 << 40, 1], [0, 1, 1 << 40]), ([1 << 40, 1], [1 << 40]), ([.max, 1, 0], [1, .max, 1]),
        ] as [([Int], [Int])])
    func broadcastsThatOverflow(a: [Int], b: [Int]) {
        #expect(Shape(a).broadcast(with: Shape(b)) == nil)
        #expect(Shape(b).broadcast(with: Shape(a)) == nil)
    }

    @Test(
        arguments: [
            ([], [], []), ([], [0], [0]), ([1], [0], [0]), ([0], [2], nil), ([2, 1, 3], [5, 1], [2, 5, 3]),
            ([1, 1], [7], [1, 7]), ([2, 3], [2], nil), ([4, 1, 1], [3, 1], [4, 3, 1]),
        ] as [([Int], [Int], [Int]?)])
    func broadcasts(a: [Int], b: [Int], expected: [Int]?) {
        #expect(Shape(a).broadcast(with: Shape(b)) == expected.map { Shape($0) })
        #expect(Shape(b).broadcast(with: Shape(a)) == expected.map { Shape($0) })
    }

    @Test(
        arguments: [
            (0, 0), (2, 2), (3, nil), (-1, 2), (-3, 0), (-4, nil), (.min, nil), (.max, nil),
        ] as [(Int, Int?)])
    func axesOfThree(axis: Int, expected: Int?) {
        #expect(Shape([4, 5, 6]).normalizedAxis(axis) == expected)
    }

    @Test func aScalarHasNoAxis() {
        #expect(Shape.scalar.normalizedAxis(0) == nil)
        #expect(Shape.scalar.normalizedAxis(-1) == nil)
        #expect(Shape.scalar.description == "[]")
    }

    @Test(
        arguments: [([], []), ([7], [1]), ([2, 0, 3], [0, 3, 1]), ([2, 3, 4, 5], [60, 20, 5, 1])] as [([Int], [Int])])
    func strides(dimensions: [Int], expected: [Int]) {
        #expect(Shape(dimensions).strides == expected)
    }
}
