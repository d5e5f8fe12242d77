public import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// How far a tensor is from a reference, gathered over any number of runs.
public struct SignalToNoise: Sendable, Equatable, Codable {
    /// Sum of squares of the reference.
    public private(set) var signal = 0.0
    /// Sum of squares of the differences.
    public private(set) var noise = 0.0

    public init() {}

    /// Signal-to-quantization-noise ratio in dB: higher is better. Norms of 0 count as 2.2e-16, so that it is finite.
    public var decibels: Double {
        let least = Double.ulpOfOne
        return 20 * (log10(max(signal.squareRoot(), least)) - log10(max(noise.squareRoot(), least)))
    }

    /// The norm of the differences over the norm of the reference: lower is better; 0 for equal tensors.
    public var relativeError: Double {
        noise == 0 ? 0 : (noise / max(signal, Double.leastNormalMagnitude)).squareRoot()
    }

    /// Adds one run. Tensors that are not float32 or differ in size are an error.
    public mutating func add(reference: Tensor, _ tensor: Tensor) throws {
        guard reference.dtype == .float32, tensor.dtype == .float32, reference.count == tensor.count else {
            throw QTuneError(
                .invalidInput,
                "\(tensor.dtype)\(tensor.shape) cannot be compared with \(reference.dtype)\(reference.shape)")
        }
        reference.withSpan(of: Float.self) { left in
            tensor.withSpan(of: Float.self) { right in
                for index in left.indices {
                    let value = Double(left[index])
                    let difference = Double(left[index] - right[index])
                    signal += value * value
                    noise += difference * difference
                }
            }
        }
    }
}
