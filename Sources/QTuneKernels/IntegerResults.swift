package import QTuneTensor

/// Where an integer convolution or product leaves what it makes.
package enum IntegerResults: Sendable {
    case plain(Tensor)
    /// Real results, and the two ends of their range.
    case ranged(Tensor, ends: Tensor)
    /// Integers over the range of real results, which nobody else sees.
    case quantized(DynamicResults)
}

/// The addresses of results, for a `BoundIntegerKernel`, which keeps the memory.
struct ResultAddresses {
    /// nil where the real results are nobody's.
    private let address: UnsafeMutableRawPointer?
    private let ends: UnsafeMutablePointer<Float>?
    private let quantized: DynamicAddresses?

    init(_ results: IntegerResults) {
        switch results {
        case .plain(let tensor): (address, ends, quantized) = (tensor.address, nil, nil)
        case .ranged(let tensor, let ends):
            precondition(ends.dtype == .float32 && ends.count == 2, "a range of \(ends.dtype)\(ends.shape)")
            (address, self.ends, quantized) = (tensor.address, ends.unsafeElements(Float.self), nil)
        case .quantized(let results): (address, ends, quantized) = (nil, nil, DynamicAddresses(results))
        }
    }

    /// Calls `body` with the address of the results, and leaves what goes with them.
    func write(pool: ThreadPool, _ body: (UnsafeMutableRawPointer) -> RealRange?) {
        if let quantized {
            return ScratchMemory.withFloats(quantized.count) { values in
                let range = body(UnsafeMutableRawPointer(values)) ?? RealRange(lower: 0, upper: 0)
                quantized.write(values, of: range, pool: pool)
            }
        }
        guard let address, let range = body(address), let ends else { return }
        (ends[0], ends[1]) = (range.lower, range.upper)
    }
}

extension IntegerResults {
    /// Whether the range of the results is wanted.
    var needsRange: Bool {
        if case .plain = self { false } else { true }
    }

    /// Elements of the results.
    var count: Int {
        switch self {
        case .plain(let tensor), .ranged(let tensor, _): tensor.count
        case .quantized(let results): results.integers.count
        }
    }

    /// The type that kernels write.
    var dtype: DType {
        switch self {
        case .plain(let tensor), .ranged(let tensor, _): tensor.dtype
        case .quantized: .float32
        }
    }
}
