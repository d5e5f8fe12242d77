import Foundation
import QTuneTensor

/// Discrete Fourier transforms of one length, which may be any: lengths of small prime factors by mixed radices, others
/// by Bluestein's convolution. The time goes with `n log n`.
struct FourierTransform {
    let length: Int
    private let method: Method

    private enum Method {
        case mixedRadix(MixedRadixTransform)
        case bluestein(BluesteinTransform)
    }

    /// - Throws: where the length is not positive or its tables do not fit into memory.
    init(length: Int) throws {
        guard length > 0 else { throw QTuneError(.invalidInput, "a Fourier transform of length \(length)") }
        // A convolution takes four times the length, and each number has its tables, operands and results.
        guard length <= Int.max / 64 else { throw QTuneError(.invalidInput, "the length \(length) is too large") }
        try MemoryLimit.check(.float64, [length * 32])
        self.length = length
        if let direct = MixedRadixTransform(length: length) {
            method = .mixedRadix(direct)
        } else {
            method = .bluestein(BluesteinTransform(length: length))
        }
    }

    /// Replaces `signal`, of `length` numbers, by its transform; the inverse has the factor `1 / length`.
    func run(_ signal: inout ComplexNumbers, inverse: Bool) {
        // The inverse is the transform with real and imaginary parts changed over, before and behind.
        if inverse { swap(&signal.real, &signal.imaginary) }
        switch method {
        case .mixedRadix(let transform): transform.run(&signal)
        case .bluestein(let transform): transform.run(&signal)
        }
        guard inverse else { return }
        swap(&signal.real, &signal.imaginary)
        let scale = Double(length)
        for index in 0..<length {
            signal.real[index] /= scale
            signal.imaginary[index] /= scale
        }
    }
}

/// Complex numbers as two lists.
struct ComplexNumbers {
    var real: [Double]
    var imaginary: [Double]

    init(zeros count: Int) {
        real = [Double](repeating: 0, count: count)
        imaginary = real
    }

    /// The numbers of the unit circle at the angles `-pi * numerator(index) / denominator`.
    init(unitCircle count: Int, denominator: Int, numerator: (Int) -> Int) {
        self.init(zeros: count)
        for index in 0..<count {
            let angle = -Double.pi * Double(numerator(index)) / Double(denominator)
            real[index] = cos(angle)
            imaginary[index] = sin(angle)
        }
    }
}

/// A transform of a length whose prime factors are small, factor by factor, in the order of the results (Stockham).
private struct MixedRadixTransform {
    private let factors: [Int]
    /// The roots of unity of the length.
    private let roots: ComplexNumbers

    /// The largest prime factor that is worth its square in multiplications.
    private static let largestFactor = 13

    /// nil where the length has larger prime factors.
    init?(length: Int) {
        var rest = length
        var factors: [Int] = []
        for factor in [4, 2, 3, 5, 7, 11, Self.largestFactor] {
            while rest % factor == 0 {
                factors.append(factor)
                rest /= factor
            }
        }
        guard rest == 1 else { return nil }
        self.factors = factors
        roots = ComplexNumbers(unitCircle: length, denominator: length) { 2 * $0 }
    }

    func run(_ signal: inout ComplexNumbers) {
        var other = ComplexNumbers(zeros: signal.real.count)
        var (rest, step) = (signal.real.count, 1)
        for factor in factors {
            let pass = Pass(factor: factor, parts: rest / factor, step: step)
            switch factor {
            case 2: pass.runPairs(signal, into: &other, roots)
            case 4: pass.runQuads(signal, into: &other, roots)
            default: pass.run(signal, into: &other, roots)
            }
            swap(&signal, &other)
            rest /= factor
            step *= factor
        }
    }
}

/// One factor's turn: `step` interleaved transforms of `factor * parts` numbers each become transforms of `parts`.
private struct Pass {
    let factor: Int
    let parts: Int
    let step: Int

    /// Any factor, by the definition.
    func run(_ source: ComplexNumbers, into target: inout ComplexNumbers, _ roots: ComplexNumbers) {
        let length = source.real.count
        let rootStep = length / factor
        for part in 0..<parts {
            for output in 0..<factor {
                let turn = step * part * output
                for lane in 0..<step {
                    var (real, imaginary) = (0.0, 0.0)
                    for input in 0..<factor {
                        let place = lane + step * (part + parts * input)
                        let root = (input * output % factor) * rootStep
                        let (a, b) = (source.real[place], source.imaginary[place])
                        let (c, d) = (roots.real[root], roots.imaginary[root])
                        real += a * c - b * d
                        imaginary += a * d + b * c
                    }
                    let place = lane + step * (factor * part + output)
                    target.set(place, real, imaginary, turnedBy: turn, roots)
                }
            }
        }
    }

    func runPairs(_ source: ComplexNumbers, into target: inout ComplexNumbers, _ roots: ComplexNumbers) {
        for part in 0..<parts {
            for lane in 0..<step {
                let (i, j) = (lane + step * part, lane + step * (part + parts))
                let place = lane + step * 2 * part
                let (a, b) = (source.real[i], source.imaginary[i])
                let (c, d) = (source.real[j], source.imaginary[j])
                target.real[place] = a + c
                target.imaginary[place] = b + d
                target.set(place + step, a - c, b - d, turnedBy: step * part, roots)
            }
        }
    }

    func runQuads(_ source: ComplexNumbers, into target: inout ComplexNumbers, _ roots: ComplexNumbers) {
        let distance = step * parts
        let (x, y) = (source.real, source.imaginary)
        for part in 0..<parts {
            let turn = step * part
            for lane in 0..<step {
                let start = lane + step * part
                let (i, j, k) = (start + distance, start + 2 * distance, start + 3 * distance)
                let (a, b) = (x[start] + x[j], y[start] + y[j])
                let (c, d) = (x[start] - x[j], y[start] - y[j])
                let (e, f) = (x[i] + x[k], y[i] + y[k])
                let (g, h) = (x[i] - x[k], y[i] - y[k])
                let place = lane + step * 4 * part
                target.real[place] = a + e
                target.imaginary[place] = b + f
                target.set(place + step, c + h, d - g, turnedBy: turn, roots)
                target.set(place + 2 * step, a - e, b - f, turnedBy: 2 * turn, roots)
                target.set(place + 3 * step, c - h, d + g, turnedBy: 3 * turn, roots)
            }
        }
    }
}

extension ComplexNumbers {
    /// Writes a number times a root of unity.
    @inline(__always)
    fileprivate mutating func set(
        _ place: Int, _ real: Double, _ imaginary: Double, turnedBy turn: Int, _ roots: ComplexNumbers
    ) {
        let (c, d) = (roots.real[turn], roots.imaginary[turn])
        self.real[place] = real * c - imaginary * d
        self.imaginary[place] = real * d + imaginary * c
    }

    /// Multiplies each number by that of `other` at its place.
    fileprivate mutating func multiply(by other: ComplexNumbers) {
        for index in other.real.indices {
            let (a, b) = (real[index], imaginary[index])
            let (c, d) = (other.real[index], other.imaginary[index])
            real[index] = a * c - b * d
            imaginary[index] = a * d + b * c
        }
    }
}

/// A transform of any length as a convolution, which transforms of a power of two compute.
private struct BluesteinTransform {
    /// `exp(-i pi k^2 / n)` for each place.
    private let chirp: ComplexNumbers
    /// The transform of the conjugate chirp, round the circle, with the inverse's factor.
    private let filter: ComplexNumbers
    private let inner: MixedRadixTransform?

    init(length: Int) {
        var size = 1
        while size < 2 * length - 1 { size *= 2 }
        // Squares are taken round the circle of 2n, or their angles would lose all their places.
        chirp = ComplexNumbers(unitCircle: length, denominator: length) { index in
            (2 * length).dividingFullWidth(index.multipliedFullWidth(by: index)).remainder
        }
        var filter = ComplexNumbers(zeros: size)
        for index in 0..<length {
            for place in [index, (size - index) % size] {
                filter.real[place] = chirp.real[index] / Double(size)
                filter.imaginary[place] = -chirp.imaginary[index] / Double(size)
            }
        }
        inner = MixedRadixTransform(length: size)
        inner?.run(&filter)
        self.filter = filter
    }

    func run(_ signal: inout ComplexNumbers) {
        var padded = ComplexNumbers(zeros: filter.real.count)
        let count = signal.real.count
        padded.real.replaceSubrange(0..<count, with: signal.real)
        padded.imaginary.replaceSubrange(0..<count, with: signal.imaginary)
        padded.multiply(by: chirp)
        inner?.run(&padded)
        padded.multiply(by: filter)
        swap(&padded.real, &padded.imaginary)
        inner?.run(&padded)
        swap(&padded.real, &padded.imaginary)
        padded.multiply(by: chirp)
        signal.real.replaceSubrange(0..<count, with: padded.real[..<count])
        signal.imaginary.replaceSubrange(0..<count, with: padded.imaginary[..<count])
    }
}
