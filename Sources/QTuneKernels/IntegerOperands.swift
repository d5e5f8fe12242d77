internal import CQTuneKernels
internal import QTuneTensor

/// Checks and helpers that integer convolutions and matrices share.
enum IntegerOperands {
    /// 0x80 for types that kernels see flipped: XOR with it maps s8 to u8 and back, adding or taking 128.
    static func flip(activations dtype: DType) -> UInt8 { dtype == .int8 ? 0x80 : 0 }
    static func flip(weights dtype: DType) -> UInt8 { dtype == .uint8 ? 0x80 : 0 }

    /// Throws where types, zero points or bias of a product with `channels` columns do not fit.
    static func validate(
        weights: DType, weightZeroPoints: [Int32], bias: [Int32]?, input: DType, inputZeroPoint: Int32, channels: Int
    ) throws {
        guard weights == .int8 || weights == .uint8, input == .int8 || input == .uint8 else {
            throw QTuneError(.unsupported, "an integer product of \(input) by \(weights)")
        }
        guard weightZeroPoints.count == 1 || weightZeroPoints.count == channels,
            weightZeroPoints.allSatisfy({ weights.integerRange?.contains(Int($0)) ?? false })
        else {
            throw QTuneError(
                .invalidModel, "\(weightZeroPoints.count) weight zero points for \(channels) output channels",
                remedy: "give one \(weights) value, or one for each output channel")
        }
        guard bias.map({ $0.count == channels }) ?? true else {
            throw QTuneError(.invalidModel, "\(bias?.count ?? 0) bias values for \(channels) output channels")
        }
        guard input.integerRange?.contains(Int(inputZeroPoint)) ?? false else {
            throw QTuneError(.invalidModel, "zero point \(inputZeroPoint) is no \(input)")
        }
    }
}

extension Tensor {
    /// The bytes of constant weights, where they lie: packing reads them one by one.
    var weightBytes: UnsafePointer<UInt8> {
        guard let start = rawBytes.baseAddress else { preconditionFailure("a tensor of strings has no bytes") }
        return start.assumingMemoryBound(to: UInt8.self)
    }

    /// The address as bytes to read.
    var bytes: UnsafePointer<UInt8> { UnsafePointer(address.assumingMemoryBound(to: UInt8.self)) }
}
