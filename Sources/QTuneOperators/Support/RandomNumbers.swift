#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Pseudo-random numbers: xoshiro256**, which passes the known statistical tests, started through SplitMix64 so that
/// near seeds give unlike streams.
struct RandomNumbers: RandomNumberGenerator {
    private var state: (UInt64, UInt64, UInt64, UInt64)
    /// The second of a pair of normal numbers, which are made two at a time.
    private var spareNormal: Double?

    init(seed: UInt64) {
        var counter = seed
        func mixed() -> UInt64 {
            counter &+= 0x9E37_79B9_7F4A_7C15
            var word = counter
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
        state = (mixed(), mixed(), mixed(), mixed())
    }

    /// The stream that a node's `seed` names, the same in each run; without one, a new stream each time.
    init(seed: Float?) {
        self.init(seed: seed.map { UInt64($0.bitPattern) } ?? UInt64.random(in: .min ... .max))
    }

    mutating func next() -> UInt64 {
        let product = state.1 &* 5
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= shifted
        state.3 = (state.3 << 45) | (state.3 >> 19)
        return result
    }

    /// A number from 0 up to 1, which is left out: a multiple of `2^-53`.
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the normal distribution of mean 0 and standard deviation 1.
    mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        // 1 - u is never 0, so its logarithm is finite.
        let radius = (-2 * log(1 - unit())).squareRoot()
        let angle = 2 * Double.pi * unit()
        spareNormal = radius * sin(angle)
        return radius * cos(angle)
    }
}
