/// A transform of a length whose prime factors are small, factor by factor, in the order of the results (Stockham).
struct MixedRadixTransform<Real: BinaryFloatingPoint> {
    private let factors: [Int]
    /// The roots of unity of the length.
    private let roots: ComplexNumbers<Real>

    /// nil where the length has prime factors that are not worth their square in multiplications.
    init?(length: Int) {
        var rest = length
        var factors: [Int] = []
        for factor in [4, 2, 3, 5, 7, 11, 13] {
            while rest % factor == 0 {
                // A pair of numbers is added and subtracted best while they are still exact.
                factors.insert(factor, at: factor == 2 ? 0 : factors.count)
                rest /= factor
            }
        }
        guard rest == 1 else { return nil }
        self.factors = factors
        roots = ComplexNumbers(unitCircle: length, denominator: length) { 2 * $0 }
    }

    /// Replaces `signal`, of the transform's length, by its transform.
    func run(_ signal: inout ComplexNumbers<Real>) {
        var other = ComplexNumbers<Real>(zeros: signal.real.count)
        var (rest, step) = (signal.real.count, 1)
        for factor in factors {
            let pass = RadixPass(factor: factor, parts: rest / factor, step: step)
            switch factor {
            case 2: pass.runPairs(signal, into: &other, roots)
            case 4: pass.runQuads(signal, into: &other, roots)
            default: pass.runOdd(signal, into: &other, roots)
            }
            swap(&signal, &other)
            rest /= factor
            step *= factor
        }
    }
}

/// One factor's turn: `step` interleaved transforms of `factor * parts` numbers each become transforms of `parts`.
private struct RadixPass {
    let factor: Int
    let parts: Int
    let step: Int

    func runPairs<Real: BinaryFloatingPoint>(
        _ source: ComplexNumbers<Real>, into target: inout ComplexNumbers<Real>, _ roots: ComplexNumbers<Real>
    ) {
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

    func runQuads<Real: BinaryFloatingPoint>(
        _ source: ComplexNumbers<Real>, into target: inout ComplexNumbers<Real>, _ roots: ComplexNumbers<Real>
    ) {
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

    /// An odd factor: numbers as far from the front as from the back meet the same roots but for a sign, so their sums
    /// and differences are made first.
    func runOdd<Real: BinaryFloatingPoint>(
        _ source: ComplexNumbers<Real>, into target: inout ComplexNumbers<Real>, _ roots: ComplexNumbers<Real>
    ) {
        let distance = step * parts
        let rootStep = source.real.count / factor
        let pairs = factor / 2
        var sums = ComplexNumbers<Real>(zeros: pairs + 1)
        var differences = sums
        for part in 0..<parts {
            for lane in 0..<step {
                let start = lane + step * part
                let place = lane + step * factor * part
                let (x, y) = (source.real[start], source.imaginary[start])
                var (totalReal, totalImaginary) = (x, y)
                for pair in 1...pairs {
                    let (i, j) = (start + pair * distance, start + (factor - pair) * distance)
                    sums.real[pair] = source.real[i] + source.real[j]
                    sums.imaginary[pair] = source.imaginary[i] + source.imaginary[j]
                    differences.real[pair] = source.real[i] - source.real[j]
                    differences.imaginary[pair] = source.imaginary[i] - source.imaginary[j]
                    totalReal += sums.real[pair]
                    totalImaginary += sums.imaginary[pair]
                }
                target.real[place] = totalReal
                target.imaginary[place] = totalImaginary
                for output in 1...pairs {
                    var (a, b, c, d) = (x, y, Real(0), Real(0))
                    for pair in 1...pairs {
                        let root = (output * pair % factor) * rootStep
                        let (cosine, sine) = (roots.real[root], roots.imaginary[root])
                        a += cosine * sums.real[pair]
                        b += cosine * sums.imaginary[pair]
                        c += sine * differences.imaginary[pair]
                        d += sine * differences.real[pair]
                    }
                    let turn = step * part
                    target.set(place + step * output, a - c, b + d, turnedBy: turn * output, roots)
                    let mirror = factor - output
                    target.set(place + step * mirror, a + c, b - d, turnedBy: turn * mirror, roots)
                }
            }
        }
    }
}

extension ComplexNumbers {
    /// Writes a number times a root of unity.
    @inline(__always)
    fileprivate mutating func set(
        _ place: Int, _ real: Real, _ imaginary: Real, turnedBy turn: Int, _ roots: ComplexNumbers
    ) {
        let (c, d) = (roots.real[turn], roots.imaginary[turn])
        self.real[place] = real * c - imaginary * d
        self.imaginary[place] = real * d + imaginary * c
    }
}
