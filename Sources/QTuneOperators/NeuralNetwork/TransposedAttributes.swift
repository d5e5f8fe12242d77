package import QTuneGraph
import QTuneTensor

/// The attributes that say how a transposed convolution slides and where its output is cut off.
package struct TransposedAttributes: Sendable {
    package let window: WindowAttributes
    package let groups: Int
    private let outputPadding: [Int]?
    private let outputShape: [Int]?

    package init(_ node: NodeReader) throws {
        window = try WindowAttributes(node)
        groups = try node.int("group") ?? 1
        outputPadding = try node.ints("output_padding")
        outputShape = try node.ints("output_shape")
        guard (outputPadding ?? []).allSatisfy({ (0...Int(Int32.max)).contains($0) }),
            (outputShape ?? []).allSatisfy({ (1...Int(Int32.max)).contains($0) }), groups > 0
        else {
            throw QTuneError(.invalidModel, "an attribute of ConvTranspose is negative or huge")
        }
    }

    /// The window of the convolution that this one undoes: its `output` is our input, its `input` our output.
    package func window(kernel: [Int], input: [Int]) throws -> Window {
        try window.transposedWindow(
            kernel: kernel, input: input, outputPadding: outputPadding, outputShape: outputShape)
    }

    /// The spatial lengths of the output as far as they are known before the network runs.
    package func outputDimensions(_ input: [Dimension], taps: [Dimension]) throws -> [Dimension] {
        let (lengths, kernel) = (input.compactMap(\.value), taps.compactMap(\.value))
        guard kernel.count == input.count, lengths.count == kernel.count else { return input.map { _ in .unknown } }
        return try window(kernel: kernel, input: lengths).axes.map { .fixed($0.input) }
    }
}
