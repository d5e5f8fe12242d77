import QTuneTensor

/// How a window slides along one spatial axis. Positions are places of the window, taps are its elements.
package struct WindowAxis: Hashable, Sendable {
    /// Elements of the input.
    package let input: Int
    /// Taps of the window.
    package let kernel: Int
    /// Input elements from one position to the next.
    package let stride: Int
    /// Input elements from one tap to the next.
    package let dilation: Int
    package let padBefore: Int
    package let padAfter: Int
    /// Positions of the window.
    package let output: Int

    /// An axis that is not there: one element, one tap, one position.
    static let trivial = WindowAxis(
        input: 1, kernel: 1, stride: 1, dilation: 1, padBefore: 0, padAfter: 0, output: 1)

    /// The input element under the first tap at `position`; may lie in the padding.
    func start(at position: Int) -> Int { position * stride - padBefore }

    /// The taps that lie on the input, not on padding, at `position`.
    func taps(at position: Int) -> Range<Int> {
        let start = start(at: position)
        let lower = start >= 0 ? 0 : min(kernel, (dilation - 1 - start) / dilation)
        let upper = start >= input ? 0 : min(kernel, (input - start + dilation - 1) / dilation)
        return lower..<max(lower, upper)
    }

    /// The taps that lie on the input or on the padding that was asked for. Positions that rounding up added may
    /// reach further.
    func paddedTapCount(at position: Int) -> Int {
        let room = input + padAfter - start(at: position)
        return max(0, min(kernel, (room + dilation - 1) / dilation))
    }

    /// The positions at which `tap` lies on the input.
    func positions(ofTap tap: Int) -> Range<Int> {
        let offset = tap * dilation - padBefore
        let lower = offset >= 0 ? 0 : min(output, (stride - 1 - offset) / stride)
        let upper = offset >= input ? 0 : min(output, (input - offset + stride - 1) / stride)
        return lower..<max(lower, upper)
    }
}

/// A window over one to three spatial axes.
package struct Window: Hashable, Sendable {
    package let axes: [WindowAxis]

    /// Throws where a plane of the input, or of the positions, has more elements than can be counted.
    init(checking axes: [WindowAxis]) throws {
        guard Shape(checking: axes.map(\.input)) != nil, Shape(checking: axes.map(\.output)) != nil else {
            throw QTuneError(
                .unsupported,
                "a window with \(axes.map(\.output)) positions on a plane of \(axes.map(\.input)) elements")
        }
        self.axes = axes
    }

    /// The axes as three, trivial ones in front.
    var cube: (WindowAxis, WindowAxis, WindowAxis) {
        let missing = [WindowAxis](repeating: .trivial, count: max(0, 3 - axes.count))
        let three = missing + axes
        return (three[0], three[1], three[2])
    }

    var output: [Int] { axes.map(\.output) }
    /// Elements of one plane of the input.
    var inputCount: Int { axes.reduce(1) { $0 * $1.input } }
    /// Positions of the window on one plane.
    var outputCount: Int { axes.reduce(1) { $0 * $1.output } }
    /// Taps of the window.
    var kernelCount: Int { axes.reduce(1) { $0 * $1.kernel } }
}

extension Window {
    /// A place of the window along each of `cube`'s axes.
    typealias Position = (Int, Int, Int)

    /// Calls `body` for each position in row-major order, with its number.
    @inline(__always)
    func forEachPosition(_ body: (_ number: Int, _ position: Position) -> Void) {
        let (a, b, c) = cube
        var number = 0
        for i in 0..<a.output {
            for j in 0..<b.output {
                for k in 0..<c.output {
                    body(number, (i, j, k))
                    number += 1
                }
            }
        }
    }

    /// Calls `body` with each element of an input plane that the window covers at `position`, in row-major order.
    @inline(__always)
    func forEachElement(at position: Position, _ body: (_ element: Int) -> Void) {
        let (a, b, c) = cube
        let starts = (a.start(at: position.0), b.start(at: position.1), c.start(at: position.2))
        let innerTaps = c.taps(at: position.2)
        for i in a.taps(at: position.0) {
            let plane = (starts.0 + i * a.dilation) * b.input
            for j in b.taps(at: position.1) {
                let row = (plane + starts.1 + j * b.dilation) * c.input + starts.2
                for k in innerTaps { body(row + k * c.dilation) }
            }
        }
    }
}

extension Window {
    /// The taps on the input and on the padding that was asked for.
    func paddedTapCount(at position: Position) -> Int {
        let (a, b, c) = cube
        return a.paddedTapCount(at: position.0) * b.paddedTapCount(at: position.1) * c.paddedTapCount(at: position.2)
    }
}
