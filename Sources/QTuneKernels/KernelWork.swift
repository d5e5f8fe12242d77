internal import CQTuneKernels
package import QTuneTensor

/// What one evaluation of an operator asks of the kernel that serves it.
public struct KernelWork: Hashable, Sendable {
    /// The row of a kernel family's table, as `qtune kernels` lists it; nil where the operator names none.
    public let kernel: String?
    /// Multiplications and additions as the operator defines them: a kernel that needs fewer may exceed the ceiling. The
    /// bytes of operands and results where memory sets the pace: those that caches hold may exceed it.
    public let operations: Int
    /// The ceiling that the kernel is held against.
    public let ceiling: ProcessorCeiling.Kind

    package init(kernel: String?, operations: Int, ceiling: ProcessorCeiling.Kind) {
        self.kernel = kernel
        self.operations = operations
        self.ceiling = ceiling
    }

    /// What reads and writes each of `tensors` once, by this machine's kernel of `family`.
    package init(moving tensors: [Tensor], by family: KernelFamily?) {
        let row = (try? CPUTier.current).flatMap { family?.picked(for: $0) }
        self.init(kernel: row?.name, operations: tensors.reduce(0) { $0 + $1.byteCount }, ceiling: .memory)
    }
}

extension FloatConvolution {
    /// The work of a run whose result has `count` elements.
    package func work(outputElements count: Int) -> KernelWork {
        KernelWork(
            kernel: kernelName, operations: 2 * count * (inputChannels / groups) * kernel.area, ceiling: .float)
    }
}

extension TransposedConvolution {
    /// The work of a run over an input of `count` elements.
    package func work(inputElements count: Int) -> KernelWork {
        KernelWork(
            kernel: kernelName, operations: 2 * count * (outputChannels / groups) * kernel.area, ceiling: .float)
    }
}

extension FloatMatrix {
    /// The work of a run whose result has `count` elements.
    package func work(outputElements count: Int) -> KernelWork {
        KernelWork(kernel: kernelName, operations: 2 * count * depth, ceiling: .float)
    }
}

extension IntegerConvolution {
    /// The work of a run whose result has `count` elements.
    package func work(outputElements count: Int) -> KernelWork {
        KernelWork(kernel: kernelName, operations: 2 * count * termsPerSum, ceiling: .integer)
    }
}

extension IntegerMatrix {
    /// The work of a run whose result has `count` elements.
    package func work(outputElements count: Int) -> KernelWork {
        KernelWork(kernel: kernelName, operations: 2 * count * depth, ceiling: .integer)
    }
}

extension FloatAttention {
    /// The work of a run whose result has `count` elements, `width` of them for each query.
    package static func work(outputElements count: Int, width: Int, keys: Int, depth: Int) -> KernelWork {
        let kernel = String(cString: FloatKernels.gemm(for: nil).name)
        return KernelWork(
            kernel: kernel, operations: width > 0 ? 2 * (count / width) * keys * (depth + width) : 0, ceiling: .float)
    }
}
