internal import CQTuneKernels

/// What one evaluation of an operator asks of the kernel that serves it.
public struct KernelWork: Hashable, Sendable {
    /// The row of a kernel family's table, as `qtune kernels` lists it.
    public let kernel: String
    /// Multiplications and additions as the operator defines them; a kernel that needs fewer may exceed the ceiling. 0
    /// where memory sets the pace.
    public let operations: Int
    /// The ceiling that the kernel is held against; nil where memory sets the pace.
    public let ceiling: ArithmeticCeiling.Kind?

    package init(kernel: String, operations: Int, ceiling: ArithmeticCeiling.Kind?) {
        self.kernel = kernel
        self.operations = operations
        self.ceiling = ceiling
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
