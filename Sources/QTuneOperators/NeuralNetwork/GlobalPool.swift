import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the pools over whole planes share: [batch, channels, spatial...] becomes [batch, channels, 1...].
protocol GlobalPool: Operator {
    /// One number for a plane that is not empty.
    func reduce<Element: TensorElement & BinaryFloatingPoint>(_ plane: Span<Element>) -> Element
    /// The kernel that does the same for planes of float32; nil where there is none.
    static var reduction: Reduction.Function? { get }
}

extension GlobalPool {
    static var reduction: Reduction.Function? { nil }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dimensions = context[0].dimensions.map { $0.prefix(2) + $0.dropFirst(2).map { _ in Dimension.fixed(1) } }
        return [.tensor(context[0].dtype, dimensions.map(Array.init))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let lengths = input.shape.dimensions
        guard lengths.count >= 2, !lengths.dropFirst(2).contains(0) else {
            throw QTuneError(.invalidInput, "\(Self.name) takes [batch, channels, spatial...], not \(input.shape)")
        }
        let shape = Shape(lengths.prefix(2) + lengths.dropFirst(2).map { _ in 1 })
        return [
            try context.makeFloatOutput(0, input.dtype, shape) { output in
                if input.dtype == .float64 {
                    reducePlanes(Double.self, input, into: output)
                } else if let reduction = Self.reduction {
                    Reduction.reduce(
                        reduction, input.widened(), axes: 2..<lengths.count, into: output, pool: context.pool)
                } else {
                    reducePlanes(Float.self, input.widened(), into: output)
                }
            }
        ]
    }

    private func reducePlanes<Element: TensorElement & BinaryFloatingPoint>(
        _: Element.Type, _ input: Tensor, into output: Tensor
    ) {
        guard output.count > 0 else { return }
        let planeCount = input.count / output.count
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                for plane in target.indices {
                    target[plane] = reduce(source.extracting(plane * planeCount..<(plane + 1) * planeCount))
                }
            }
        }
    }
}

/// The mean of each plane.
struct GlobalAveragePool: GlobalPool {
    static let name = "GlobalAveragePool"
    static let versions = [1, 22]
    static let reduction: Reduction.Function? = .mean

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func reduce<Element: TensorElement & BinaryFloatingPoint>(_ plane: Span<Element>) -> Element {
        var sum = 0.0
        for index in plane.indices { sum += Double(plane[index]) }
        return Element(sum / Double(plane.count))
    }
}

/// The largest element of each plane.
struct GlobalMaxPool: GlobalPool {
    static let name = "GlobalMaxPool"
    static let versions = [1, 22]
    static let reduction: Reduction.Function? = .max

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func reduce<Element: TensorElement & BinaryFloatingPoint>(_ plane: Span<Element>) -> Element {
        var best = -Element.infinity
        for index in plane.indices { best = max(best, plane[index]) }
        return best
    }
}

/// The p-norm of each plane.
struct GlobalLpPool: GlobalPool {
    static let name = "GlobalLpPool"
    static let versions = [2, 22]

    private let exponent: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        exponent = try node.int("p") ?? 2
        guard exponent > 0 else { throw QTuneError(.invalidModel, "attribute 'p' is \(exponent), not above 0") }
    }

    func reduce<Element: TensorElement & BinaryFloatingPoint>(_ plane: Span<Element>) -> Element {
        var sum = 0.0
        for index in plane.indices { sum += pow(Double(plane[index].magnitude), Double(exponent)) }
        return Element(pow(sum, 1 / Double(exponent)))
    }
}
