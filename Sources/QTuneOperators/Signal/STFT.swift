import QTuneGraph
import QTuneTensor

/// The spectra of frames of a signal, one every `frame_step` numbers, each weighted by a window.
struct STFT: Operator {
    static let name = "STFT"
    static let versions = [17]
    private let isOneSided: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...4)
        isOneSided = try node.int("onesided") ?? 1 != 0
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let signal = context[0].dimensions
        let length = signal.flatMap { $0.count >= 2 ? $0[1] : nil } ?? .unknown
        let frame: Dimension
        if context.has(3) {
            frame = context[3].length
        } else if context.has(2) {
            frame = context[2].dimensions?.first ?? .unknown
        } else {
            frame = length
        }
        let jumps = DimensionArithmetic.divide(DimensionArithmetic.subtract(length, frame), context[1].length)
        let half = DimensionArithmetic.add(DimensionArithmetic.divide(frame, .fixed(2)), .fixed(1))
        let dimensions = [
            signal?.first ?? .unknown, DimensionArithmetic.add(jumps, .fixed(1)), isOneSided ? half : frame, .fixed(2),
        ]
        return [.tensor(context[0].dtype, dimensions)]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let lines = try SignalLines<Double>(Self.batch(context.signal(0, Double.self)), axis: 1)
        guard !lines.isComplex || !isOneSided else {
            throw QTuneError(
                .invalidInput, "one-sided spectra of a complex signal", remedy: "set the attribute 'onesided' to 0")
        }
        guard let step = try context.number(1, "the step"), step > 0 else {
            throw QTuneError(.invalidInput, "operand 1, the step from frame to frame, is not positive")
        }
        let window = try context.has(2) ? context.signal(2, Double.self) : nil
        let length = try context.number(3, "the frame's length") ?? window?.count ?? lines.length
        guard length > 0, length <= lines.length else {
            throw QTuneError(.invalidInput, "frames of \(length) numbers of a signal of \(lines.length)")
        }
        let weights = try Self.weights(window, length: length)
        let frames = (lines.length - length) / step + 1
        let rows = isOneSided ? length / 2 + 1 : length
        let shape = try checkedShape([lines.outer, frames, rows, 2], operand: "the result's shape")
        let transform = try FourierTransform<Double>(length: length)
        let output = try context.makeSignal(context.tensor(0).dtype, shape) { (target: inout MutableSpan<Double>) in
            var numbers = ComplexNumbers<Double>(zeros: length)
            var place = 0
            for frame in 0..<lines.outer * frames {
                let start = frame % frames * step
                lines.copy(outer: frame / frames, inner: 0, from: start, count: length, to: &numbers)
                if let weights { numbers.weigh(weights) }
                transform.run(&numbers, inverse: false)
                for row in 0..<rows {
                    target[place] = numbers.real[row]
                    target[place + 1] = numbers.imaginary[row]
                    place += 2
                }
            }
        }
        return [output]
    }

    /// The signals as [batch, length, 1 or 2]; a matrix holds real ones.
    private static func batch(_ signal: Tensor) throws -> Tensor {
        switch signal.shape.rank {
        case 2: return signal.reshaped(to: Shape(signal.shape.dimensions + [1]))
        case 3: return signal
        default: throw QTuneError(.invalidInput, "a signal of \(signal.shape), not of [batch, length, 1 or 2]")
        }
    }

    private static func weights(_ window: Tensor?, length: Int) throws -> [Double]? {
        guard let window else { return nil }
        guard window.shape.rank == 1, window.count == length else {
            throw QTuneError(.invalidInput, "a window of \(window.shape) for frames of \(length)")
        }
        return window.array(of: Double.self)
    }
}

extension ComplexNumbers {
    /// Multiplies each number by a weight.
    fileprivate mutating func weigh(_ weights: [Real]) {
        for (index, weight) in weights.enumerated() {
            real[index] *= weight
            imaginary[index] *= weight
        }
    }
}
