import QTuneGraph
import QTuneTensor

/// 1 where an element is greater than a threshold, 0 elsewhere.
struct Binarizer: MachineLearningOperator, UnaryOperator {
    static let name = "Binarizer"
    let function: UnaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let threshold = Double(try node.float("threshold") ?? 0)
        function = UnaryFunction({ $0 > threshold ? 1 : 0 }, signed: { Double($0) > threshold ? 1 : 0 })
    }
}

/// `(x - offset) * scale` as float32, with one number each for all features or one for each.
struct Scaler: MachineLearningOperator {
    static let name = "Scaler"

    private let offset: [Float]
    private let scale: [Float]

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        offset = try node.floats("offset") ?? []
        scale = try node.floats("scale") ?? []
        guard !offset.isEmpty, offset.count == scale.count else {
            throw QTuneError(.invalidModel, "\(offset.count) offsets and \(scale.count) scales")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0).asFloat32()
        let features = input.shape.dimensions.last ?? 1
        guard scale.count == 1 || scale.count == features else {
            throw QTuneError(.invalidInput, "\(scale.count) scales for \(input.shape)")
        }
        let output = try context.makeOutput(0, .float32, input.shape)
        input.withSpan(of: Float.self) { source in
            output.withMutableSpan(of: Float.self) { target in
                for index in source.indices {
                    let feature = index % scale.count
                    target[index] = (source[index] - offset[feature]) * scale[feature]
                }
            }
        }
        return [.tensor(output)]
    }
}

/// Divides each row by its largest element, the sum of its magnitudes, or its length. Gives float32. A row whose
/// divisor is 0 stays as it is.
struct Normalizer: MachineLearningOperator {
    static let name = "Normalizer"

    private enum Norm { case largest, magnitudes, length }

    private let norm: Norm

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        switch try node.string("norm") ?? "MAX" {
        case "MAX": norm = .largest
        case "L1": norm = .magnitudes
        case "L2": norm = .length
        case let other: throw QTuneError(.invalidModel, "attribute 'norm' is '\(other)', not MAX, L1 or L2")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0).asFloat32()
        let rows = try FeatureRows(input.shape)
        let output = try context.makeOutput(0, .float32, input.shape)
        guard output.count > 0 else { return [.tensor(output)] }
        input.withSpan(of: Float.self) { source in
            output.withMutableSpan(of: Float.self) { target in
                for row in 0..<rows.count {
                    let range = row * rows.features..<(row + 1) * rows.features
                    let divisor = divisor(source, range)
                    for index in range {
                        target[index] =
                            norm == .length
                            ? Self.root(source[index], overSquares: divisor)
                            : divisor == 0 ? source[index] : source[index] / divisor
                    }
                }
            }
        }
        return [.tensor(output)]
    }

    /// What the row is divided by; for the length, its square.
    private func divisor(_ source: Span<Float>, _ range: Range<Int>) -> Float {
        switch norm {
        // The largest element and not the largest magnitude, as ONNX Runtime has it.
        case .largest: range.reduce(-.infinity) { max($0, source[$1]) }
        case .magnitudes: range.reduce(0) { $0 + abs(source[$1]) }
        case .length: range.reduce(0) { $0 + source[$1] * source[$1] }
        }
    }

    private static func root(_ x: Float, overSquares squares: Float) -> Float {
        guard squares != 0 else { return x }
        let magnitude = (x * x / squares).squareRoot()
        return x < 0 ? -magnitude : magnitude
    }
}

/// Replaces one value, or NaN, by another, or by another for each feature.
struct Imputer: MachineLearningOperator {
    static let name = "Imputer"

    private let reals: [Float]
    private let integers: [Int]
    private let replacedReal: Float
    private let replacedInteger: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        reals = try node.floats("imputed_value_floats") ?? []
        integers = try node.ints("imputed_value_int64s") ?? []
        replacedReal = try node.float("replaced_value_float") ?? 0
        replacedInteger = try node.int("replaced_value_int64") ?? 0
        guard reals.isEmpty != integers.isEmpty else {
            throw QTuneError(
                .invalidModel, "one of 'imputed_value_floats' and 'imputed_value_int64s' holds values, not none or both"
            )
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let features = input.shape.dimensions.last ?? 1
        let count = input.dtype.isFloatingPoint ? reals.count : integers.count
        guard count == 1 || count == features && count > 0 else {
            throw QTuneError(.invalidInput, "\(count) values to impute in \(input.dtype)\(input.shape)")
        }
        let output = try context.makeOutput(0, input.dtype, input.shape)
        switch input.dtype {
        case .float32: replace(input, output, by: reals) { $0 == replacedReal || $0.isNaN && replacedReal.isNaN }
        case .float64:
            let replaced = Double(replacedReal)
            replace(input, output, by: reals.map { Double($0) }) { $0 == replaced || $0.isNaN && replaced.isNaN }
        case .int64: replace(input, output, by: integers.map { Int64($0) }) { $0 == replacedInteger }
        case .int32:
            replace(input, output, by: integers.map { Int32(truncatingIfNeeded: $0) }) { $0 == replacedInteger }
        default: throw QTuneError(.invalidInput, "an Imputer of \(input.dtype)")
        }
        return [.tensor(output)]
    }

    private func replace<Element: TensorElement>(
        _ input: Tensor, _ output: Tensor, by values: [Element], where isReplaced: (Element) -> Bool
    ) {
        input.withSpan(of: Element.self) { source in
            output.withMutableSpan(of: Element.self) { target in
                for index in source.indices {
                    target[index] = isReplaced(source[index]) ? values[index % values.count] : source[index]
                }
            }
        }
    }
}
