import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Discrete Fourier transforms of one length, which may be any: lengths of small prime factors by mixed radices, others
/// by Bluestein's convolution. The time goes with `n log n`.
struct FourierTransform<Real: BinaryFloatingPoint> {
    let length: Int
    private let method: Method

    private enum Method {
        case mixedRadix(MixedRadixTransform<Real>)
        case bluestein(BluesteinTransform)
    }

    /// - Throws: where the length is not positive or its tables do not fit into memory.
    init(length: Int) throws {
        guard length > 0 else { throw QTuneError(.invalidInput, "a Fourier transform of length \(length)") }
        // A convolution takes four times the length, and each number has its tables, operands and results.
        guard length <= Int.max / 64 else { throw QTuneError(.invalidInput, "the length \(length) is too large") }
        try MemoryLimit.check(.float64, [length * 32])
        self.length = length
        if let direct = MixedRadixTransform<Real>(length: length) {
            method = .mixedRadix(direct)
        } else {
            method = .bluestein(BluesteinTransform(length: length))
        }
    }

    /// Replaces `signal`, of `length` numbers, by its transform; the inverse has the factor `1 / length`.
    func run(_ signal: inout ComplexNumbers<Real>, inverse: Bool) {
        // The inverse is the transform with real and imaginary parts changed over, before and behind.
        if inverse { swap(&signal.real, &signal.imaginary) }
        switch method {
        case .mixedRadix(let transform): transform.run(&signal)
        case .bluestein(let transform): transform.run(&signal)
        }
        guard inverse else { return }
        swap(&signal.real, &signal.imaginary)
        let scale = 1 / Real(length)
        for index in 0..<length {
            signal.real[index] *= scale
            signal.imaginary[index] *= scale
        }
    }
}

/// Complex numbers as two lists.
struct ComplexNumbers<Real: BinaryFloatingPoint> {
    var real: [Real]
    var imaginary: [Real]

    init(zeros count: Int) {
        real = [Real](repeating: 0, count: count)
        imaginary = real
    }

    /// The numbers of the unit circle at the angles `-pi * numerator(index) / denominator`.
    init(unitCircle count: Int, denominator: Int, numerator: (Int) -> Int) {
        self.init(zeros: count)
        for index in 0..<count {
            let angle = -Double.pi * Double(numerator(index)) / Double(denominator)
            real[index] = Real(cos(angle))
            imaginary[index] = Real(sin(angle))
        }
    }
}

/// A transform of any length as a convolution, which transforms of a power of two compute.
private struct BluesteinTransform {
    /// `exp(-i pi k^2 / n)` for each place.
    private let chirp: ComplexNumbers<Double>
    /// The transform of the conjugate chirp, round the circle, with the inverse's factor.
    private let filter: ComplexNumbers<Double>
    private let inner: MixedRadixTransform<Double>?

    init(length: Int) {
        var size = 1
        while size < 2 * length - 1 { size *= 2 }
        // Squares are taken round the circle of 2n, or their angles would lose all their places.
        chirp = ComplexNumbers(unitCircle: length, denominator: length) { index in
            (2 * length).dividingFullWidth(index.multipliedFullWidth(by: index)).remainder
        }
        var filter = ComplexNumbers<Double>(zeros: size)
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

    func run<Real: BinaryFloatingPoint>(_ signal: inout ComplexNumbers<Real>) {
        var padded = ComplexNumbers<Double>(zeros: filter.real.count)
        for index in signal.real.indices {
            padded.real[index] = Double(signal.real[index])
            padded.imaginary[index] = Double(signal.imaginary[index])
        }
        padded.multiply(by: chirp)
        inner?.run(&padded)
        padded.multiply(by: filter)
        swap(&padded.real, &padded.imaginary)
        inner?.run(&padded)
        swap(&padded.real, &padded.imaginary)
        padded.multiply(by: chirp)
        for index in signal.real.indices {
            signal.real[index] = Real(padded.real[index])
            signal.imaginary[index] = Real(padded.imaginary[index])
        }
    }
}

extension ComplexNumbers {
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
