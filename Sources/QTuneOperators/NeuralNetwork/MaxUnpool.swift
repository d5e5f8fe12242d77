import QTuneGraph
import QTuneTensor

/// Puts the elements of a maximum pool back where they came from, among zeros. Operands: x [batch, channels,
/// spatial...], the place of each element in what was pooled, counted over the whole tensor, and the shape of a larger
/// result.
struct MaxUnpool: Operator {
    static let name = "MaxUnpool"
    static let versions = [9, 11, 22]

    private let attributes: WindowAttributes
    private let kernel: [Int]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...3)
        attributes = try WindowAttributes(node)
        kernel = try node.required("kernel_shape", attributes.kernel)
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        if context.has(2) { return [.tensor(context[0].dtype, context[2].lengths)] }
        guard let dimensions = context[0].dimensions, dimensions.count == kernel.count + 2 else {
            return [.tensor(context[0].dtype, nil)]
        }
        let spatial = try dimensions.dropFirst(2).enumerated().map { axis, length in
            try length.value.map { Dimension.fixed(try pooledLength($0, axis)) } ?? .unknown
        }
        return [.tensor(context[0].dtype, dimensions.prefix(2) + spatial)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (input, places) = (try context.tensor(0), try context.tensor(1))
        guard input.shape.rank == kernel.count + 2, places.shape == input.shape, places.dtype == .int64,
            let indices = places.integers
        else {
            throw QTuneError(
                .invalidInput, "places \(places.dtype)\(places.shape) for elements of \(input.shape) under \(kernel)")
        }
        let spatial = try input.shape.dimensions.dropFirst(2).enumerated().map { try pooledLength($1, $0) }
        let pooled = try checkedShape(input.shape.dimensions.prefix(2) + spatial, operand: "the unpooled shape")
        let wanted = try context.integers(2).map { try checkedShape($0, operand: "the wanted shape") } ?? pooled
        guard wanted.rank == pooled.rank, zip(wanted.dimensions, pooled.dimensions).allSatisfy({ $0 >= $1 }) else {
            throw QTuneError(.invalidInput, "elements of \(pooled) do not fit into \(wanted)")
        }
        guard indices.allSatisfy({ (0..<pooled.elementCount).contains($0) }) else {
            throw QTuneError(.invalidInput, "a place lies outside of the unpooled shape \(pooled)")
        }
        let carrier = try ElementCarrier([input])
        let targets = indices.map { Self.moved($0, from: pooled, to: wanted) }
        return [
            try carrier.makeOutput(context, wanted) { target in
                switch target.dtype {
                case .uint8: Self.put(UInt8.self, carrier.tensors[0], targets, into: target)
                case .uint16: Self.put(UInt16.self, carrier.tensors[0], targets, into: target)
                case .uint32: Self.put(UInt32.self, carrier.tensors[0], targets, into: target)
                case .uint64: Self.put(UInt64.self, carrier.tensors[0], targets, into: target)
                default: throw QTuneError(.unsupported, "MaxUnpool of \(input.dtype)")
                }
            }
        ]
    }

    /// The length of an axis from which a pool makes `length` elements.
    private func pooledLength(_ length: Int, _ axis: Int) throws -> Int {
        let pads = attributes.pads ?? [Int](repeating: 0, count: 2 * kernel.count)
        guard length > 0, length <= Int(Int32.max) else {
            throw QTuneError(.invalidInput, "an axis of \(length) elements cannot be unpooled")
        }
        // Factors of 31 bits each.
        let whole =
            (length - 1) * (attributes.strides?[axis] ?? 1) + kernel[axis] - pads[axis] - pads[axis + kernel.count]
        guard whole > 0 else {
            throw QTuneError(.invalidInput, "padding \(pads) leaves nothing of an axis of \(length)")
        }
        return whole
    }

    /// The place of element `index` of a tensor of shape `from` in a larger one with the same first element.
    private static func moved(_ index: Int, from: Shape, to: Shape) -> Int {
        zip(from.strides, zip(from.dimensions, to.strides)).reduce(0) { $0 + index / $1.0 % $1.1.0 * $1.1.1 }
    }

    private static func put<Element: TensorElement & FixedWidthInteger>(
        _: Element.Type, _ source: Tensor, _ places: [Int], into target: Tensor
    ) {
        target.withMutableSpan(of: Element.self) { for index in $0.indices { $0[index] = 0 } }
        FlatGather.scatter(Element.self, source, offsets: places, into: target) { $1 }
    }
}
