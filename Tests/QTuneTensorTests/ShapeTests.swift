import QTuneTensor
import Testing

struct ShapeTests {
    @Test(
        arguments: [
            ([], []), ([1], [5]), ([3, 1], [1, 4]), ([2, 3], [3]), ([0], [1]), ([2], [3]), ([0], [2]),
            ([2, 1, 5], [4, 1]),
        ] as [(Shape, Shape)])
    func broadcasting(a: Shape, b: Shape) {
        let expected: [String: Shape?] = [
            "[][]": [], "[1][5]": [5], "[3, 1][1, 4]": [3, 4], "[2, 3][3]": [2, 3], "[0][1]": [0], "[2][3]": nil,
            "[0][2]": nil, "[2, 1, 5][4, 1]": [2, 4, 5],
        ]
        #expect(a.broadcast(with: b) == expected["\(a)\(b)"])
        #expect(b.broadcast(with: a) == a.broadcast(with: b))
    }

    @Test func lengthsFromOutside() {
        #expect(Shape(checking: [-1]) == nil)
        #expect(Shape(checking: [1 << 40, 1 << 40]) == nil)
        #expect(Shape(checking: [1 << 40, 0, 1 << 40]) == nil)
        #expect(Shape(checking: [0, 3])?.elementCount == 0)
    }

    @Test func stridesAndAxes() {
        #expect(Shape([2, 3, 4]).strides == [12, 4, 1])
        #expect(Shape([]).strides == [])
        #expect(Shape([2, 3]).normalizedAxis(-1) == 1)
        #expect(Shape([2, 3]).normalizedAxis(2) == nil)
        #expect(Shape([2, 3]).normalizedAxis(-3) == nil)
    }
}
