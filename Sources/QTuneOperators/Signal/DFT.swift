import QTuneGraph
import QTuneTensor

/// The discrete Fourier transform along an axis, or its inverse. One-sided, a real signal has the first half of its
/// spectrum as transform, and half a spectrum a real signal as inverse.
struct DFT: Operator {
    static let name = "DFT"
    static let versions = [17, 20]
    private let isInverse: Bool
    private let isOneSided: Bool
    /// The axis that an attribute gives; from operator set 20 on, an operand does.
    private let axisAttribute: Int?

    init(_ node: NodeReader) throws {
        let readsAxis = node.opset >= 20
        try node.expect(inputs: 1...(readsAxis ? 3 : 2))
        isInverse = try node.int("inverse") ?? 0 != 0
        isOneSided = try node.int("onesided") ?? 0 != 0
        axisAttribute = readsAxis ? nil : try node.int("axis") ?? 1
    }

    private static let defaultAxis = -2

    private func checkedAxis(_ axis: Int, rank: Int) throws -> Int {
        let normalized = try normalizedAxis(axis, rank: rank)
        guard normalized < rank - 1 else {
            throw QTuneError(.invalidInput, "axis \(axis) is the last one, which holds the parts of complex numbers")
        }
        return normalized
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = context[0].dtype
        guard var dimensions = context[0].dimensions else { return [.tensor(dtype, nil)] }
        let parts = Dimension.fixed(isOneSided && isInverse ? 1 : 2)
        guard let axis = axisAttribute ?? (context.has(2) ? context[2].integers?.first : Self.defaultAxis) else {
            return [.tensor(dtype, dimensions.dropLast().map { _ in .unknown } + [parts])]
        }
        let place = try checkedAxis(axis, rank: dimensions.count)
        let length: Dimension
        if context.has(1) {
            length = context[1].length
        } else if isInverse, isOneSided {
            let pairs = DimensionArithmetic.subtract(dimensions[place], .fixed(1))
            length = DimensionArithmetic.multiply(pairs, .fixed(2))
        } else {
            length = dimensions[place]
        }
        let half = DimensionArithmetic.add(DimensionArithmetic.divide(length, .fixed(2)), .fixed(1))
        dimensions[place] = isOneSided && !isInverse ? half : length
        dimensions[dimensions.count - 1] = parts
        return [.tensor(dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        // Forward, sums that should cancel do so in float64. An inverse rounds each step to the signal's own precision,
        // as the standard's reference does.
        let isNarrow = try isInverse && context.tensor(0).dtype != .float64
        return isNarrow ? try transformed(Float.self, context) : try transformed(Double.self, context)
    }

    private func transformed<Real: BinaryFloatingPoint & TensorElement>(
        _: Real.Type, _ context: EvaluationContext
    ) throws -> [Value] {
        let signal = try context.signal(0, Real.self)
        let requested = try axisAttribute ?? context.number(2, "the axis") ?? Self.defaultAxis
        let axis = try checkedAxis(requested, rank: signal.shape.rank)
        let lines = try SignalLines<Real>(signal, axis: axis)
        guard !lines.isComplex || !isOneSided || isInverse else {
            throw QTuneError(.invalidInput, "a one-sided spectrum of a complex signal")
        }
        let known = lines.length
        let (whole, overflow) = (known - 1).multipliedReportingOverflow(by: 2)
        let length = try context.number(1, "the length") ?? (isInverse && isOneSided ? whole : known)
        guard length > 0, !overflow else { throw QTuneError(.invalidInput, "a Fourier transform of length \(length)") }
        var lengths = signal.shape.dimensions
        lengths[axis] = isOneSided && !isInverse ? length / 2 + 1 : length
        lengths[lengths.count - 1] = isOneSided && isInverse ? 1 : 2
        let shape = try checkedShape(lengths, operand: "the result's shape")
        let output = try context.makeSignal(context.tensor(0).dtype, shape) { (target: inout MutableSpan<Real>) in
            guard target.count > 0 else { return }
            run(try FourierTransform<Real>(length: length), lines, rows: lengths[axis], into: &target)
        }
        return [output]
    }

    /// - Parameter rows: numbers of each line of the result.
    private func run<Real>(
        _ transform: FourierTransform<Real>, _ lines: SignalLines<Real>, rows: Int,
        into target: inout MutableSpan<Real>
    ) {
        let isReal = isOneSided && isInverse
        let used = isReal ? transform.length / 2 + 1 : transform.length
        var numbers = ComplexNumbers<Real>(zeros: transform.length)
        for outer in 0..<lines.outer {
            for inner in 0..<lines.inner {
                lines.copy(outer: outer, inner: inner, count: used, to: &numbers)
                if isReal { numbers.completeSpectrum() }
                transform.run(&numbers, inverse: isInverse)
                for row in 0..<rows {
                    let place = (outer * rows + row) * lines.inner + inner
                    if isReal {
                        target[place] = numbers.real[row]
                    } else {
                        target[2 * place] = numbers.real[row]
                        target[2 * place + 1] = numbers.imaginary[row]
                    }
                }
            }
        }
    }
}

extension ComplexNumbers {
    /// Makes the first half of a spectrum the spectrum of a real signal: the second half mirrors it, and the numbers
    /// that mirror themselves are real.
    fileprivate mutating func completeSpectrum() {
        let count = real.count
        imaginary[0] = 0
        if count % 2 == 0 { imaginary[count / 2] = 0 }
        for index in count / 2 + 1..<max(count, count / 2 + 1) {
            real[index] = real[count - index]
            imaginary[index] = -imaginary[count - index]
        }
    }
}
