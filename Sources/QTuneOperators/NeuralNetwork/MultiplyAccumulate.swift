import QTuneTensor

/// Element types that products are summed in.
protocol MultiplyAccumulate: TensorElement, Numeric {
    /// `self + a * b`; integers wrap round.
    func adding(_ a: Self, times b: Self) -> Self
}

extension Float: MultiplyAccumulate {
    @inline(__always) func adding(_ a: Float, times b: Float) -> Float { self + a * b }
}
extension Double: MultiplyAccumulate {
    @inline(__always) func adding(_ a: Double, times b: Double) -> Double { self + a * b }
}
extension Int32: MultiplyAccumulate {
    @inline(__always) func adding(_ a: Int32, times b: Int32) -> Int32 { self &+ a &* b }
}
extension Int64: MultiplyAccumulate {
    @inline(__always) func adding(_ a: Int64, times b: Int64) -> Int64 { self &+ a &* b }
}
extension UInt32: MultiplyAccumulate {
    @inline(__always) func adding(_ a: UInt32, times b: UInt32) -> UInt32 { self &+ a &* b }
}
extension UInt64: MultiplyAccumulate {
    @inline(__always) func adding(_ a: UInt64, times b: UInt64) -> UInt64 { self &+ a &* b }
}
