package import QTuneKernels
package import QTuneTensor

/// Operands and results of a node that lie in the same memory in every run.
package struct BoundValues {
    /// The operands; nil for one left out. Those that are not constant hold anything yet.
    package let inputs: [Tensor?]
    /// Memory for the results; nil for one that nobody asks for.
    package let outputs: [Tensor?]
    /// The threads to work with.
    package let pool: ThreadPool

    package init(inputs: [Tensor?], outputs: [Tensor?], pool: ThreadPool) {
        (self.inputs, self.outputs, self.pool) = (inputs, outputs, pool)
    }

    /// Operand `index`; nil where it is left out.
    package func input(_ index: Int) -> Tensor? { index < inputs.count ? inputs[index] : nil }

    /// Memory for result `index`; nil where nobody asks for it.
    package func output(_ index: Int) -> Tensor? { index < outputs.count ? outputs[index] : nil }
}
