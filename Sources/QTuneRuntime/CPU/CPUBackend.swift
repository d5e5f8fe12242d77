package import QTuneOperators

/// The processor, with the kernels of `QTuneKernels`.
package struct CPUBackend: Backend {
    package init() {}

    package var name: String { "CPU" }
    package var operators: [any Operator.Type] { [] }
    package var passes: [any Pass] { [] }
}
