import QTuneGraph
import QTuneKernels
import QTuneTensor

/// The places of the elements that are not zero: one row for each axis, one column for each element.
struct NonZero: Operator {
    static let name = "NonZero"
    static let versions = [9, 13]

    init(_ node: NodeReader) throws { try node.expect(inputs: 1...1) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.int64, [context[0].rank.map(Dimension.fixed) ?? .unknown, .unknown])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let truths = try Self.truths(input)
        let lengths = input.shape.dimensions
        let count = truths.reduce(0) { $0 + ($1 ? 1 : 0) }
        let places = try checkedShape([lengths.count, count], operand: "the places")
        let output = try context.makeOutput(0, .int64, places)
        guard let inner = lengths.last, count > 0 else { return [.tensor(output)] }
        let strides = Shape(Array(lengths.dropLast())).strides
        output.withMutableSpan(of: Int64.self) { output in
            var next = 0
            for row in 0..<truths.count / inner {
                let first = next
                for column in 0..<inner where truths[row * inner + column] {
                    output[(lengths.count - 1) * count + next] = Int64(column)
                    next += 1
                }
                for axis in strides.indices {
                    let place = Int64(row / strides[axis] % lengths[axis])
                    for column in first..<next { output[axis * count + column] = place }
                }
            }
        }
        return [.tensor(output)]
    }

    /// For each element whether it is not zero.
    private static func truths(_ input: Tensor) throws -> [Bool] {
        if input.dtype == .float32 { return input.array(of: Float.self).map { $0 != 0 } }
        let lane = try Lane.of(input)
        let truths = Tensor(uninitialized: .bool, shape: input.shape)
        ElementConversion.narrow(input.widened(to: lane), lane: lane, into: truths, saturating: true)
        return truths.array(of: Bool.self)
    }
}

/// The slices along `axis` for which the condition is true; without an axis, the elements.
struct Compress: Operator {
    static let name = "Compress"
    static let versions = [9, 11]
    private let axis: Int?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        axis = try node.int("axis")
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        guard let axis else { return [.tensor(context[0].dtype, [.unknown])] }
        guard var dimensions = context[0].dimensions else { return [.tensor(context[0].dtype, nil)] }
        dimensions[try normalizedAxis(axis, rank: dimensions.count)] = .unknown
        return [.tensor(context[0].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (given, condition) = (try context.tensor(0), try context.tensor(1))
        let input = axis == nil ? given.reshaped(to: [given.count]) : given
        let axis = try normalizedAxis(self.axis ?? 0, rank: input.shape.rank)
        guard condition.dtype == .bool, condition.shape.rank == 1, condition.count <= input.shape[axis] else {
            throw QTuneError(.invalidInput, "operand 1 must hold at most \(input.shape[axis]) truth values in one axis")
        }
        let places = condition.array(of: Bool.self).enumerated().filter(\.element).map(\.offset)
        var lengths = input.shape.dimensions
        lengths[axis] = places.count
        let carrier = try ElementCarrier([input])
        return [
            try carrier.makeOutput(context, Shape(lengths)) { output in
                FlatGather.gather(carrier.tensors[0], axis: axis, places: places, into: output)
            }
        ]
    }
}

/// The triangle of each matrix on or above the diagonal `k`, or on or below it; zeros elsewhere.
struct Trilu: Operator {
    static let name = "Trilu"
    static let versions = [14]
    private let isUpper: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...2)
        isUpper = try node.int("upper") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] { [InferredValue(type: context[0].type)] }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let diagonal = try context.integers(1)?.first ?? 0
        guard input.shape.rank >= 2 else { throw QTuneError(.invalidInput, "\(input.shape) is no matrix") }
        let (rows, columns) = (input.shape[input.shape.rank - 2], input.shape[input.shape.rank - 1])
        let zero = Tensor(zeros: input.dtype, shape: [1])
        let carrier = try ElementCarrier([input, zero])
        return [
            try carrier.makeOutput(context, input.shape) { output in
                let still = [Int](repeating: 0, count: input.shape.rank)
                StridedCopy.fill(output, from: carrier.tensors[1], StridedView(strides: still))
                for row in 0..<input.count / max(columns, 1) {
                    let edge = min(max((row % rows).addingReportingOverflow(diagonal).partialValue, -1), columns)
                    let kept = isUpper ? min(max(edge, 0), columns)..<columns : 0..<min(edge + 1, columns)
                    let view = StridedView(offset: row * columns + kept.lowerBound, strides: [1])
                    StridedCopy.copy([kept.count], from: carrier.tensors[0], view, to: output, view)
                }
            }
        ]
    }
}
