import QTuneGraph
import QTuneTensor

/// A table of samples as the learned models take it: [samples, features], or [features] for one sample.
struct FeatureRows {
    let count: Int
    let features: Int

    init(_ shape: Shape) throws {
        switch shape.rank {
        case 1: (count, features) = (1, shape[0])
        case 2: (count, features) = (shape[0], shape[1])
        default: throw QTuneError(.invalidInput, "samples of shape \(shape); [samples, features] is wanted")
        }
    }

    /// The number of samples, as far as it is known before the network runs.
    static func inferCount(_ value: InferredValue) -> Dimension {
        guard let dimensions = value.dimensions else { return .unknown }
        return dimensions.count == 1 ? .fixed(1) : dimensions.first ?? .unknown
    }
}

extension Tensor {
    /// A tensor of numbers as float32, rounded.
    func asFloat32() throws -> Tensor { try converted(to: .float32) }

    /// A tensor of numbers as float64.
    func asFloat64() throws -> Tensor { try converted(to: .float64) }

    private func converted(to dtype: DType) throws -> Tensor {
        guard self.dtype != dtype else { return self }
        guard self.dtype.isFloatingPoint || self.dtype.isInteger else {
            throw QTuneError(.invalidInput, "an operand is \(self.dtype), not numbers")
        }
        let wide = widened(to: .real)
        guard dtype != .float64 else { return wide }
        let result = Tensor(uninitialized: dtype, shape: shape)
        ElementConversion.narrow(wide, lane: .real, into: result, saturating: true)
        return result
    }
}
