import QTuneGraph
import QTuneTensor
import Testing

@Suite struct EinsumTests {
    private static func einsum(_ equation: String, _ operands: Tensor..., gives expected: Tensor) -> OperatorCase {
        OperatorCase("Einsum", ["equation": .string(Array(equation.utf8))], operands, gives: [expected])
    }

    private static let x = floats([1, 2, 3, 4, 5, 6], [2, 3])
    private static func count(_ shape: Shape) -> Tensor { ints((0..<Int64(shape.elementCount)).map { $0 }, shape) }

    static let cases: [OperatorCase] = [
        einsum("ba", x, gives: floats([1, 4, 2, 5, 3, 6], [3, 2])),
        einsum("ij->", x, gives: floats([21], .scalar)),
        einsum("ij -> ji", x, gives: floats([1, 4, 2, 5, 3, 6], [3, 2])),
        einsum("ij,ij->ij", x, x, gives: floats([1, 4, 9, 16, 25, 36], [2, 3])),
        einsum("i,j", floats([1, 2]), floats([3, 5]), gives: floats([3, 5, 6, 10], [2, 2])),
        einsum("ij,jk,k->i", x, floats([0, 1, 2, 3, 4, 5], [3, 2]), floats([1, -1]), gives: floats([-6, -15])),
        einsum(
            "i,ij,kj,k->", floats([1, 2]), x, floats([1, 0, 2, 2, 1, 1], [2, 3]), floats([1, -1]),
            gives: floats([-6], .scalar)),
        // A diagonal, with what is left summed or kept.
        einsum("iij->j", count([2, 2, 3]), gives: ints([9, 11, 13])),
        einsum("ii->i", count([3, 3]), gives: ints([0, 4, 8])),
        einsum("ii", count([3, 3]), gives: ints([12], .scalar)),
        // Ellipses of unlike numbers of axes, and axes of length 1, broadcast.
        einsum("...i,...i", count([2, 3]), count([3]), gives: ints([5, 14])),
        einsum("i...,i...->...", count([2, 1, 2]), count([2, 2, 1]), gives: ints([4, 6, 6, 10], [2, 2])),
        einsum("ij,ij->i", ints([1, 2], [2, 1]), count([1, 3]), gives: ints([3, 6])),
        // Attention with heads behind positions.
        einsum(
            "bqhd,bkhd->bhqk", count([1, 2, 2, 2]), count([1, 2, 2, 2]),
            gives: ints([1, 5, 5, 41, 13, 33, 33, 85], [1, 2, 2, 2])),
        einsum(
            "bhqd,bhkd->bhqk", floats([1, 2, 3, 4], [1, 1, 2, 2]), floats([1, 0, 2, 1], [1, 1, 2, 2]),
            gives: floats([1, 4, 3, 10], [1, 1, 2, 2])),
        // An empty sum is 0; narrow integers wrap.
        einsum("ij,jk->ik", floats([], [2, 0]), floats([], [0, 1]), gives: floats([0, 0], [2, 1])),
        einsum("i,i->", Tensor([100, 100] as [Int8]), Tensor([2, 1] as [Int8]), gives: Tensor(scalar: Int8(44))),
        OperatorCase("Det", floats([0, 2, 1, 1, 0, 3, 4, 1, 0], [1, 3, 3]), gives: floats([25]), within: 1e-5),
        OperatorCase("Det", floats([1, 2, 2, 4], [2, 2]), gives: floats([0], .scalar)),
        OperatorCase("Det", floats([], [2, 0, 0]), gives: floats([1, 1])),
    ]

    @Test(arguments: cases) func matchesTheDefinition(_ operatorCase: OperatorCase) throws { try operatorCase.check() }

    @Test func batchesOfMatricesAreRight() throws {
        // Each row of the first matrix selects a row of the second, so the result is known exactly.
        let (batches, side) = (3, 40)
        var selection = [Float](repeating: 0, count: batches * side * side)
        let values = (0..<batches * side * side).map { Float($0 % 1000) }
        for row in 0..<batches * side { selection[row * side + (row * 7 + 3) % side] = 1 }
        let output = try evaluateNode(
            "Einsum", ["equation": .string(Array("bij,bkj->bik".utf8))],
            [floats(values, [batches, side, side]), floats(selection, [batches, side, side])])[0]
        let expected = (0..<batches).flatMap { batch in
            (0..<side).flatMap { row in
                (0..<side).map { column in
                    values[(batch * side + row) * side + ((batch * side + column) * 7 + 3) % side]
                }
            }
        }
        #expect(output.array(of: Float.self) == expected)
    }

    @Test(arguments: ["ij,jk", "i", "ij->k", "ij->ii", "i-j", "i.j", "ij->...", "i1", "", "ijk", "...ijk", "ij,"])
    func wrongEquationsAreErrors(_ equation: String) {
        #expect(throws: QTuneError.self) {
            try evaluateNode("Einsum", ["equation": .string(Array(equation.utf8))], [Self.x])
        }
    }

    @Test func lengthsThatDisagreeAreErrors() {
        let attributes: [String: Attribute] = ["equation": .string(Array("ij,jk->ik".utf8))]
        #expect(throws: QTuneError.self) { try evaluateNode("Einsum", attributes, [Self.x, Self.x]) }
        #expect(throws: QTuneError.self) { try evaluateNode("Det", [:], [Self.x]) }
    }
}
