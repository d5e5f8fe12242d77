import QTuneGraph
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// For each probability of the operand 1 as often as it says, otherwise 0.
struct Bernoulli: Operator {
    static let name = "Bernoulli"
    static let versions = [15, 22]
    private let dtype: DType?
    private let seed: Float?

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        dtype = try node.int("dtype").map { try elementType($0, "dtype") }
        seed = try node.float("seed")
        if let dtype, Lane(dtype) == nil { throw QTuneError(.invalidModel, "draws of type \(dtype)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(dtype ?? context[0].dtype, context[0].dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "operand 0 is \(input.dtype), not a float type")
        }
        let output = try context.makeOutput(0, dtype ?? input.dtype, input.shape)
        let probabilities = input.widened(to: .real)
        var numbers = RandomNumbers(seed: seed)
        output.fill(from: .real) { target in
            ElementConversion.map(probabilities, target) { (p: Double) in numbers.unit() < p ? 1 : 0.0 }
        }
        return [.tensor(output)]
    }

    var isDeterministic: Bool { false }
}

/// Draws of one of several classes: for each row of logarithms of the classes' weights `sample_size` class numbers.
struct Multinomial: Operator {
    static let name = "Multinomial"
    static let versions = [7, 22]
    private let dtype: DType
    private let seed: Float?
    private let draws: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        dtype = try node.int("dtype").map { try elementType($0, "dtype") } ?? .int32
        seed = try node.float("seed")
        draws = try node.int("sample_size") ?? 1
        guard dtype == .int32 || dtype == .int64 else {
            throw QTuneError(.invalidModel, "class numbers of type \(dtype), not int32 or int64")
        }
        guard draws >= 0 else { throw QTuneError(.invalidModel, "attribute 'sample_size' is \(draws)") }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let rows = context[0].dimensions.flatMap { $0.count == 2 ? $0[0] : nil } ?? .unknown
        return [.tensor(dtype, [rows, .fixed(draws)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        guard input.shape.rank == 2, input.dtype.isFloatingPoint else {
            throw QTuneError(.invalidInput, "operand 0 is \(input.dtype)\(input.shape), not a matrix of a float type")
        }
        let (rows, classes) = (input.shape[0], input.shape[1])
        let output = try context.makeOutput(0, dtype, checkedShape([rows, draws], operand: "draws"))
        let logarithms = input.widened(to: .real).array(of: Double.self)
        let limits = try (0..<rows).map { try Self.limits(logarithms[$0 * classes..<($0 + 1) * classes]) }
        var numbers = RandomNumbers(seed: seed)
        output.fill(from: .signed) { target in
            target.withMutableSpan(of: Int64.self) { target in
                for index in target.indices { target[index] = Self.draw(&numbers, limits[index / draws]) }
            }
        }
        return [.tensor(output)]
    }

    /// For each class the sum of its weight and those before it.
    private static func limits(_ logarithms: ArraySlice<Double>) throws -> [Double] {
        guard let largest = logarithms.max(), largest.isFinite, !logarithms.contains(where: \.isNaN) else {
            throw QTuneError(.invalidInput, "a row of operand 0 is no list of logarithms of weights")
        }
        var sum = 0.0
        return logarithms.map { logarithm in
            sum += exp(logarithm - largest)
            return sum
        }
    }

    /// The first class whose limit is above a random share of the whole.
    private static func draw(_ numbers: inout RandomNumbers, _ limits: [Double]) -> Int64 {
        let share = numbers.unit() * limits[limits.count - 1]
        var range = 0..<limits.count - 1
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = limits[middle] > share ? range.lowerBound..<middle : middle + 1..<range.upperBound
        }
        return Int64(range.lowerBound)
    }

    var isDeterministic: Bool { false }
}
