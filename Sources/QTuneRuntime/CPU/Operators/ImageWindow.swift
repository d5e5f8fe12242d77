internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor
internal import Synchronization

/// A window over two spatial axes, as a node's attributes say it.
struct ImageWindow: Sendable {
    let attributes: WindowAttributes
    private let last = LastPlacement()

    /// - Parameter mayRoundUp: whether `ceil_mode` counts, as it does on pools.
    init(_ node: NodeReader, mayRoundUp: Bool = false) throws {
        attributes = try WindowAttributes(node, mayRoundUp: mayRoundUp)
    }

    /// The window over an image of those lengths, and the places it has.
    func placed(kernel: Extent2D, height: Int, width: Int) throws -> (window: SlidingWindow, output: Extent2D) {
        if let known = last.find(kernel: kernel, height: height, width: width) { return known }
        let made = try place(kernel: kernel, height: height, width: width)
        last.keep(kernel: kernel, height: height, width: width, made)
        return made
    }

    private func place(kernel: Extent2D, height: Int, width: Int) throws -> (window: SlidingWindow, output: Extent2D) {
        let axes = try attributes.window(kernel: [kernel.height, kernel.width], input: [height, width]).axes
        guard axes.count == 2 else { throw QTuneError(.invalidInput, "a window over \(axes.count) axes of an image") }
        let window = SlidingWindow(
            kernel: Extent2D(height: axes[0].kernel, width: axes[1].kernel),
            stride: Extent2D(height: axes[0].stride, width: axes[1].stride),
            dilation: Extent2D(height: axes[0].dilation, width: axes[1].dilation),
            padding: Padding2D(
                top: axes[0].padBefore, left: axes[1].padBefore, bottom: axes[0].padAfter, right: axes[1].padAfter))
        return (window, Extent2D(height: axes[0].output, width: axes[1].output))
    }

    /// The lengths of the window; nil where the attributes give none for two axes.
    var kernel: Extent2D? {
        guard let lengths = attributes.kernel, lengths.count == 2 else { return nil }
        return Extent2D(height: lengths[0], width: lengths[1])
    }

    var strides: Extent2D { Self.extent(attributes.strides) }
    var dilations: Extent2D { Self.extent(attributes.dilations) }

    private static func extent(_ lengths: [Int]?) -> Extent2D {
        guard let lengths, lengths.count == 2 else { return .one }
        return Extent2D(height: lengths[0], width: lengths[1])
    }
}

/// The window placed last: networks see images of one size, run after run.
private final class LastPlacement: Sendable {
    private struct Entry {
        let kernel: Extent2D
        let height: Int
        let width: Int
        let placed: (window: SlidingWindow, output: Extent2D)
    }

    private let entry = Mutex<Entry?>(nil)

    func find(kernel: Extent2D, height: Int, width: Int) -> (window: SlidingWindow, output: Extent2D)? {
        entry.withLock { entry in
            guard let entry, entry.height == height, entry.width == width, entry.kernel == kernel else { return nil }
            return entry.placed
        }
    }

    func keep(kernel: Extent2D, height: Int, width: Int, _ placed: (window: SlidingWindow, output: Extent2D)) {
        entry.withLock { $0 = Entry(kernel: kernel, height: height, width: width, placed: placed) }
    }
}

extension Tensor {
    /// The lengths of an NHWC image batch.
    func checkedImage() throws -> (batch: Int, height: Int, width: Int, channels: Int) {
        guard shape.rank == 4 else { throw QTuneError(.invalidInput, "\(shape) is no batch of images") }
        return (shape[0], shape[1], shape[2], shape[3])
    }
}
