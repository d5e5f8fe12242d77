/// Walks the positions of a box in row-major order and keeps a linear offset for each of two strided views of it.
struct StridedWalk {
    private let lengths: [Int]
    private let firstStrides: [Int]
    private let secondStrides: [Int]
    private var position: [Int]
    /// Offset of the current position in the first view, in elements.
    private(set) var first: Int
    /// Offset of the current position in the second view, in elements.
    private(set) var second: Int

    /// - Precondition: there are as many strides as lengths.
    init(lengths: [Int], first: [Int], second: [Int], firstOffset: Int = 0, secondOffset: Int = 0) {
        self.lengths = lengths
        firstStrides = first
        secondStrides = second
        position = [Int](repeating: 0, count: lengths.count)
        self.first = firstOffset
        self.second = secondOffset
    }

    /// Positions in the box.
    var count: Int { lengths.reduce(1, *) }

    /// Goes to the next position; after the last comes the first again.
    mutating func advance() {
        for axis in stride(from: lengths.count - 1, through: 0, by: -1) {
            position[axis] += 1
            first += firstStrides[axis]
            second += secondStrides[axis]
            if position[axis] < lengths[axis] { return }
            first -= lengths[axis] * firstStrides[axis]
            second -= lengths[axis] * secondStrides[axis]
            position[axis] = 0
        }
    }
}
