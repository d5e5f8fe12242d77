import QTuneGraph
import QTuneKernels
import QTuneTensor

/// Adds the columns of a convolution's patches back into an image. Operands: columns [batch, channels * taps,
/// positions], the spatial lengths of the image, the taps of a patch along each axis. Gives [batch, channels,
/// spatial...].
struct Col2Im: Operator {
    static let name = "Col2Im"
    static let versions = [18]

    private let attributes: WindowAttributes

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 3...3)
        attributes = try WindowAttributes(node)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let spatial = context[1].lengths else { return [.tensor(context[0].dtype, nil)] }
        let columns = context[0].dimensions.flatMap { $0.count == 3 ? $0 : nil } ?? [.unknown, .unknown]
        let channels = DimensionArithmetic.divide(
            columns[1], DimensionArithmetic.product(context[2].lengths ?? [.unknown]))
        return [.tensor(context[0].dtype, [columns[0], channels] + spatial)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let columns = try context.tensor(0)
        let image = try checkedShape(try context.integers(1) ?? [], operand: "the image")
        let block = try checkedShape(try context.integers(2) ?? [], operand: "the block")
        let window = try attributes.window(kernel: block.dimensions, input: image.dimensions)
        guard columns.shape.rank == 3, columns.shape[1].isMultiple(of: window.kernelCount),
            columns.shape[2] == window.outputCount
        else {
            throw QTuneError(
                .invalidInput, "columns \(columns.shape) are not those of patches \(block) on an image \(image)")
        }
        let channels = columns.shape[1] / window.kernelCount
        let shape = try checkedShape([columns.shape[0], channels] + image.dimensions, operand: "the image")
        try MemoryLimit.check(.float64, shape)
        if columns.dtype == .float32 {
            let output = try context.makeOutput(0, .float32, shape)
            Self.add(Float.self, columns, window, context.pool, into: output)
            return [.tensor(output)]
        }
        let lane = try Lane.of(columns)
        let output = try context.makeOutput(0, columns.dtype, shape)
        let wide = columns.widened(to: lane)
        output.fill(from: lane) { target in
            switch lane {
            case .real: Self.add(Double.self, wide, window, context.pool, into: target)
            case .signed: Self.add(Int64.self, wide, window, context.pool, into: target)
            case .unsigned: Self.add(UInt64.self, wide, window, context.pool, into: target)
            }
        }
        return [.tensor(output)]
    }

    /// Adds the columns of each plane to it.
    private static func add<Element: MultiplyAccumulate>(
        _: Element.Type, _ columns: Tensor, _ window: Window, _ pool: ThreadPool, into output: Tensor
    ) {
        let (a, b, c) = window.cube
        guard output.count > 0 else { return }
        let (plane, columnCount) = (window.inputCount, window.kernelCount * window.outputCount)
        pool.run(over: output.count / plane, grain: max(1, 4096 / max(1, columnCount))) { planes in
            columns.withSpan(of: Element.self) { source in
                output.withMutableSpan(of: Element.self) { target in
                    for index in planes.lowerBound * plane..<planes.upperBound * plane { target[index] = .zero }
                    for number in planes {
                        for tap in 0..<window.kernelCount {
                            let first = number * columnCount + tap * window.outputCount
                            let (i, j, k) = (tap / (b.kernel * c.kernel), tap / c.kernel % b.kernel, tap % c.kernel)
                            for p in a.positions(ofTap: i) {
                                let depth = number * a.input + a.start(at: p) + i * a.dilation
                                for q in b.positions(ofTap: j) {
                                    let row = (depth * b.input + b.start(at: q) + j * b.dilation) * c.input
                                    let from = first + (p * b.output + q) * c.output
                                    for r in c.positions(ofTap: k) {
                                        let to = row + c.start(at: r) + k * c.dilation
                                        target[to] = target[to].adding(source[from + r], times: 1)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
