import QTuneTensor
import Testing

struct BFloat16Tests {
    /// Bits of a float32, and the upper half after rounding to nearest, ties to even.
    @Test(
        arguments: [
            (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3F80_0000, 0x3F80),
            // Just below, at and just above the middle between an even and an odd neighbour, then an odd and an even
            // one.
            (0x3F80_7FFF, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81), (0x3F81_7FFF, 0x3F81),
            (0x3F81_8000, 0x3F82), (0xBF81_8000, 0xBF82),
            // The largest finite numbers round to infinity, subnormal ones keep their bits.
            (0x7F7F_7FFF, 0x7F7F), (0x7F7F_8000, 0x7F80), (0xFF7F_FFFF, 0xFF80), (0x7F80_0000, 0x7F80),
            (0xFF80_0000, 0xFF80), (0x0000_8000, 0x0000), (0x0000_8001, 0x0001), (0x007F_FFFF, 0x0080),
        ] as [(UInt32, UInt16)])
    func rounding(float: UInt32, expected: UInt16) {
        #expect(BFloat16(Float(bitPattern: float)).bitPattern == expected)
    }

    /// A NaN whose payload is in the lower half alone must not become infinity.
    @Test(arguments: [0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF, 0xFF80_0001] as [UInt32])
    func notANumber(bits: UInt32) {
        #expect(BFloat16(Float(bitPattern: bits)).float.isNaN)
    }

    @Test func everyValueComesBack() {
        let changed = (UInt16.min...UInt16.max).filter { bits in
            let value = BFloat16(bitPattern: bits)
            return value.float.isNaN ? !BFloat16(value.float).float.isNaN : BFloat16(value.float) != value
        }
        #expect(changed.isEmpty)
    }
}
