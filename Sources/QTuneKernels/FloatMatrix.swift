internal import CQTuneKernels
package import QTuneTensor

/// A constant right-hand side of float32 matrix products, packed once for one tier.
package final class FloatMatrix: Sendable {
    /// Rows of B, which are columns of A.
    package let depth: Int
    /// Columns of B and of the product.
    package let columns: Int

    private let packed: PackedColumns
    private let activation: Activation
    private let tier: CPUTier

    /// Packs `b`, [K, N], or [N, K] where `transposed` says so.
    /// - Parameter bias: N numbers, added to each row of the product.
    /// - Throws: `invalidArgument` where types or shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        _ b: Tensor, transposed: Bool = false, bias: Tensor? = nil, activation: Activation = .none,
        tier: CPUTier? = nil
    ) throws {
        guard b.dtype == .float32, b.shape.rank == 2 else {
            throw QTuneError(.invalidArgument, "a packed matrix is float32 with two axes, not \(b.dtype) \(b.shape)")
        }
        self.tier = try tier ?? CPUTier.current
        let (depth, columns) = transposed ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        self.depth = depth
        self.columns = columns
        self.activation = activation
        guard let bias = FloatBias(bias, count: columns) else {
            throw QTuneError(.invalidArgument, "the bias is not \(columns) float32 numbers")
        }
        packed = Self.pack(b, transposed: transposed, depth: depth, columns: columns, bias: bias, tier: self.tier)
        extendLifetime(b)
    }

    /// The row of the kernels' table that does the work.
    var kernelName: String { String(cString: packed.kernel.name) }

    private static func pack(
        _ b: Tensor, transposed: Bool, depth: Int, columns: Int, bias: FloatBias, tier: CPUTier
    ) -> PackedColumns {
        let transpose = FloatKernels.transpose(for: tier)
        let stride = MemoryLayout<Float>.stride
        return PackedColumns(
            depth: depth, columns: columns, kernel: FloatKernels.gemm(for: tier), bias: { bias[$0] }
        ) { panel, target in
            if transposed {
                let rows = panel.firstColumn * depth..<(panel.firstColumn + panel.columns) * depth
                b.withAlignedFloats(rows) {
                    transpose.run(stride, $0, depth, target, panel.width, panel.columns, depth)
                }
            } else if let source = b.rawBytes.baseAddress {
                for row in 0..<depth {
                    UnsafeMutableRawPointer(target + row * panel.width).copyMemory(
                        from: source + (row * columns + panel.firstColumn) * stride,
                        byteCount: panel.columns * stride)
                }
            }
        }
    }

    /// Writes `activation(a * b + bias + residual)`; `a` is [..., K], the output and the residual are [..., N].
    package func run(_ a: Tensor, residual: Tensor? = nil, into output: Tensor, pool: ThreadPool) {
        BoundFloatMatrix(self, a, residual: residual, into: output, pool: pool).run()
    }

    /// What `run` does with those operands, at their addresses. It does not keep the memory.
    func product(_ a: Tensor, residual: Tensor?, into output: Tensor) -> GatheredProduct {
        precondition(a.dtype == .float32 && output.dtype == .float32, "not float32")
        let rows = columns == 0 ? 0 : output.count / columns
        precondition(a.count == rows * depth && output.count == rows * columns, "\(a.shape) does not fit the matrix")
        precondition(residual == nil || residual?.count == output.count, "the residual has another size")
        return GatheredProduct(
            columns: packed, rows: rows, taps: 1, depth: depth, floatsPerRow: depth,
            output: output.unsafeElements(Float.self), outputStride: columns,
            residual: residual.map { UnsafePointer($0.unsafeElements(Float.self)) }, activation: activation,
            elementwise: FloatKernels.elementwise(for: tier))
    }
}

/// The numbers that sums start from; 0 without a bias.
struct FloatBias {
    private let numbers: [Float]?

    /// Nil where `tensor` does not hold `count` float32 numbers.
    init?(_ tensor: Tensor?, count: Int) {
        guard let tensor else {
            numbers = nil
            return
        }
        guard tensor.dtype == .float32, tensor.count == count else { return nil }
        numbers = tensor.array(of: Float.self)
    }

    subscript(index: Int) -> Float { numbers?[index] ?? 0 }
}
