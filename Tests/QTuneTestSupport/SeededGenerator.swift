package import QTuneTensor

/// A small random generator (SplitMix64) whose numbers depend on the seed alone.
package struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Floats that are spread evenly over `range`.
    package mutating func floats(_ shape: Shape, in range: ClosedRange<Float> = -1...1) -> Tensor {
        Tensor((0..<shape.elementCount).map { _ in Float.random(in: range, using: &self) }, shape: shape)
    }

    /// Integers of `Element` over `range`, all of the type's values where it is left out.
    package mutating func integers<Element: TensorElement & FixedWidthInteger>(
        _ type: Element.Type, _ shape: Shape, in range: ClosedRange<Element> = Element.min...Element.max
    ) -> Tensor {
        Tensor((0..<shape.elementCount).map { _ in Element.random(in: range, using: &self) }, shape: shape)
    }
}
