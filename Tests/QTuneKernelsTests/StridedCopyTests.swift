import QTuneKernels
import QTuneTensor
import QTuneTestSupport
import Testing

struct StridedCopyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var lengths: [Int]
        var from: StridedView
        var to: StridedView
        var testDescription: String { "\(lengths) by \(from.strides) to \(to.strides)" }
    }

    static let cases: [Case] = [
        Case(lengths: [], from: StridedView(offset: 7, strides: []), to: StridedView(offset: 3, strides: [])),
        Case(lengths: [0, 5], from: StridedView(strides: [5, 1]), to: StridedView(strides: [5, 1])),
        Case(lengths: [600], from: StridedView(strides: [1]), to: StridedView(strides: [1])),
        Case(lengths: [600], from: StridedView(offset: 599, strides: [-1]), to: StridedView(strides: [1])),
        Case(lengths: [4, 9], from: StridedView(offset: 5, strides: [0, 0]), to: StridedView(strides: [9, 1])),
        Case(lengths: [7, 11], from: StridedView(offset: 2, strides: [12, 1]), to: StridedView(strides: [11, 1])),
        Case(lengths: [7, 11], from: StridedView(strides: [1, 7]), to: StridedView(strides: [11, 1])),
        Case(lengths: [3, 4, 5], from: StridedView(strides: [60, 10, 2]), to: StridedView(strides: [1, 3, 12])),
        Case(
            lengths: [2, 3, 4, 5], from: StridedView(offset: 100, strides: [-60, -20, 5, 0]),
            to: StridedView(strides: [60, 20, 5, 1])),
        Case(
            lengths: [2, 1, 3, 2, 5], from: StridedView(strides: [90, 7, 30, 10, 1]),
            to: StridedView(offset: 4, strides: [120, 1, 40, 15, 1])),
    ]

    @Test(arguments: cases)
    func copiesWhatTheViewsName(_ test: Case) {
        func check<Element: TensorElement & FixedWidthInteger>(_ type: Element.Type) {
            let source = Tensor((0..<600).map { Element(truncatingIfNeeded: $0 * 7 + 1) })
            var expected = [Element](repeating: 0, count: 600)
            let elements = source.array(of: type)
            for position in 0..<test.lengths.reduce(1, *) {
                var (rest, from, to) = (position, test.from.offset, test.to.offset)
                for axis in test.lengths.indices.reversed() {
                    from += rest % test.lengths[axis] * test.from.strides[axis]
                    to += rest % test.lengths[axis] * test.to.strides[axis]
                    rest /= test.lengths[axis]
                }
                expected[to] = elements[from]
            }
            for pool in [nil, ThreadPool(threads: 3)] {
                let target = Tensor(zeros: Element.dtype, shape: [600])
                StridedCopy.copy(test.lengths, from: source, test.from, to: target, test.to, pool: pool)
                #expect(target.array(of: type) == expected)
            }
        }
        check(UInt8.self)
        check(UInt16.self)
        check(UInt32.self)
        check(UInt64.self)
    }

    /// A transposition and a repetition, whose parts begin in the midst of axes.
    @Test(arguments: [([60, 50, 40], [1, 60, 3000]), ([40, 2, 50, 3, 60], [3000, 0, 60, 0, 1])])
    func largeCopiesAreTheSameOnEveryNumberOfThreads(lengths: [Int], strides: [Int]) {
        var numbers = SeededGenerator(seed: 8)
        let x = numbers.integers(UInt32.self, [40, 50, 60])
        let elements = x.array(of: UInt32.self)
        let expected = (0..<lengths.reduce(1, *)).map { position in
            var (rest, place) = (position, 0)
            for axis in lengths.indices.reversed() {
                place += rest % lengths[axis] * strides[axis]
                rest /= lengths[axis]
            }
            return elements[place]
        }
        for threads in [1, 2, 5] {
            let target = Tensor(zeros: .uint32, shape: Shape(lengths))
            StridedCopy.fill(target, from: x, StridedView(strides: strides), pool: ThreadPool(threads: threads))
            #expect(target.array(of: UInt32.self) == expected)
        }
    }
}
