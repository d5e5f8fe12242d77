import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The largest element under each place of a window, and on request where it lies.
struct MaxPool: Operator {
    static let name = "MaxPool"
    static let versions = [1, 8, 10, 11, 12, 22]

    private let attributes: WindowAttributes
    /// Whether indices count the spatial axes first one fastest.
    private let countsColumnMajor: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1, outputs: 1...2)
        attributes = try WindowAttributes(node, mayRoundUp: true)
        _ = try node.required("kernel_shape", attributes.kernel)
        countsColumnMajor = try node.int("storage_order") ?? 0 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let pooled = try PoolShape.inferOutput(context[0], attributes)
        return [pooled, .tensor(.int64, pooled.dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let shape = try PoolShape(input.shape, attributes)
        let output = try context.makeOutput(0, input.dtype, shape.output)
        let indices = context.outputCount > 1 ? try context.makeOutput(1, .int64, shape.output) : nil
        if input.dtype == .float32, indices == nil,
            shape.reduce(.max, input, into: output, pool: context.pool)
        {
            return [.tensor(output)]
        }
        switch input.dtype {
        case .float32: pool(input, shape, lowest: -Float.infinity, into: output, indices)
        case .float64: pool(input, shape, lowest: -Double.infinity, into: output, indices)
        case .uint8: pool(input, shape, lowest: UInt8.min, into: output, indices)
        case .int8: pool(input, shape, lowest: Int8.min, into: output, indices)
        case .float16, .bfloat16:
            let wide = Tensor(uninitialized: .float32, shape: shape.output)
            pool(input.widened(), shape, lowest: -Float.infinity, into: wide, indices)
            wide.narrow(into: output)
        default: throw QTuneError(.unsupported, "MaxPool of \(input.dtype)")
        }
        return [.tensor(output)] + (indices.map { [.tensor($0)] } ?? [])
    }

    private func pool<Element: TensorElement & Comparable>(
        _ input: Tensor, _ shape: PoolShape, lowest: Element, into output: Tensor, _ indices: Tensor?
    ) {
        shape.pool(input, into: output) { (elements: Span<Element>, start, position) in
            var best = lowest
            shape.window.forEachElement(at: position) { best = max(best, elements[start + $0]) }
            return best
        }
        guard let indices else { return }
        let planeCount = shape.window.inputCount
        let (a, b, c) = shape.window.cube
        input.withSpan(of: Element.self) { elements in
            indices.withMutableSpan(of: Int64.self) { target in
                for plane in 0..<shape.planes {
                    let start = plane * planeCount
                    shape.window.forEachPosition { number, position in
                        var best = lowest
                        var place = -1
                        shape.window.forEachElement(at: position) { element in
                            if place < 0 || elements[start + element] > best {
                                best = elements[start + element]
                                place = element
                            }
                        }
                        if countsColumnMajor {
                            let (i, j, k) = (place / (b.input * c.input), place / c.input % b.input, place % c.input)
                            place = i + a.input * (j + b.input * k)
                        }
                        target[plane * shape.window.outputCount + number] = Int64(start + place)
                    }
                }
            }
        }
    }
}
