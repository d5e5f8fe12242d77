import QTuneGraph
import QTuneOperators
import QTuneTensor
import Testing

/// The comparison finds what it is there to find.
@Suite struct InferenceConsistencyTests {
    private static let row = Value.tensor(Tensor([1, 2] as [Float]))
    private static let scores = Value.map(keys: Tensor([0, 1] as [Int64]), values: Tensor([0.5, 0.5] as [Float]))

    private static func row(_ dtype: DType?, _ length: Dimension = .unknown) -> ValueType { .tensor(dtype, [length]) }

    static let cases: [(ValueType, Value, isSound: Bool)] = [
        (row(.float32, .fixed(2)), row, true), (row(nil), row, true), (row(.float64), row, false),
        (row(.float32, .fixed(3)), row, false), (.tensor(.float32, []), row, false), (.sequence(nil), row, false),
        (.sequence(row(.float32)), .sequence([row, row]), true), (.sequence(row(.int64)), .sequence([]), true),
        (.sequence(row(.int64)), .sequence([row]), false), (.sequence(nil), .sequence([row]), true),
        (.sequence(row(nil, .symbolic("n"))), .sequence([row, .tensor(Tensor([Float]()))]), true),
        (.optional(row(.float32)), .optional(row), true), (.optional(row(.int64)), .optional(nil), true),
        (.optional(row(.int64)), .optional(row), false), (row(.float32), .optional(row), false),
        (.sequence(.map(key: .int64, value: .tensor(.float32, []))), .sequence([scores]), true),
        (.map(key: .string, value: .tensor(.float32, [])), scores, false),
        (.map(key: .int64, value: .tensor(.int64, [])), scores, false),
    ]

    @Test(arguments: cases) func typesAreCompared(_ type: ValueType, _ value: Value, _ isSound: Bool) {
        var names: [String: Int] = [:]
        #expect((contradiction(InferredValue(type: type), value, &names) == nil) == isSound)
    }

    /// Numbers that are no lengths contradict known elements and are no trap.
    @Test func elementsAreCompared() {
        var names: [String: Int] = [:]
        for number in [Float.nan, .infinity, 2.5] {
            let value = Value.tensor(Tensor([number]))
            #expect(contradiction(InferredValue(elements: [.fixed(2)]), value, &names) != nil)
            #expect(contradiction(InferredValue(elements: [.symbolic("n")]), value, &names) != nil)
            #expect(contradiction(InferredValue(elements: [.unknown]), value, &names) == nil)
        }
        #expect(contradiction(InferredValue(elements: [.fixed(2)]), .tensor(Tensor([2] as [Float])), &names) == nil)
    }
}
