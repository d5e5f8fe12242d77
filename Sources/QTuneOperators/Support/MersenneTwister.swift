/// Matsumoto and Nishimura's MT19937: the generator behind the random numbers of the standard's own cases.
struct MersenneTwister {
    private static let length = 624
    private static let shift = 397

    private var state: [UInt32]
    private var next = length

    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.length)
        for index in 1..<Self.length {
            let last = state[index - 1]
            state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(index))
        }
    }

    private mutating func refill() {
        for index in 0..<Self.length {
            let joined = (state[index] & 0x8000_0000) | (state[(index + 1) % Self.length] & 0x7FFF_FFFF)
            let twisted = joined & 1 == 0 ? joined >> 1 : joined >> 1 ^ 0x9908_B0DF
            state[index] = state[(index + Self.shift) % Self.length] ^ twisted
        }
        next = 0
    }

    /// 32 random bits.
    mutating func bits() -> UInt32 {
        if next == Self.length { refill() }
        var word = state[next]
        next += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    /// A number from 0 up to, not including, 1, with 53 random bits.
    mutating func uniform() -> Double {
        let (high, low) = (bits() >> 5, bits() >> 6)
        return (Double(high) * 0x1p26 + Double(low)) * 0x1p-53
    }
}
