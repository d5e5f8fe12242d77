/// One kernel of a family: a row of the family's table in C.
package struct KernelRow: Hashable, Sendable {
    /// The name of symbol and file, `qt_<types>_<kind>_<tile>__<isa>`.
    package let name: String
    /// Everything that the kernel needs; empty for the scalar reference.
    package let instructions: InstructionSet

    /// What one call of the kernel makes: `8x48`, as the name says it; empty where it has no tile.
    package var tile: String {
        let parts = name.split(separator: "_")
        return parts.last { $0.first?.isNumber == true && $0.contains("x") }.map(String.init) ?? ""
    }

    package init(name: String, instructions: InstructionSet) {
        self.name = name
        self.instructions = instructions
    }
}

/// Kernels that do the same work with different instructions, best first, the scalar reference last.
package struct KernelFamily: Hashable, Sendable {
    package let name: String
    /// What the kernels compute, half a line.
    package let summary: String
    package let rows: [KernelRow]

    package init(name: String, summary: String, rows: [KernelRow]) {
        self.name = name
        self.summary = summary
        self.rows = rows
    }

    /// The row that serves `tier`: the first whose instructions the tier has.
    package func picked(for tier: CPUTier) -> KernelRow? {
        rows.first { $0.instructions.isSubset(of: tier.instructions) }
    }
}

/// Every kernel that is built in.
package enum KernelCatalog {
    package static let families: [KernelFamily] = [
        FloatKernels.gemmFamily,
        FloatKernels.depthwiseFamily,
        FloatKernels.groupedFamily,
        FloatKernels.winogradFamily,
        FloatKernels.elementwiseFamily,
        FloatKernels.reductionFamily,
        FloatKernels.resampleFamily,
        FloatKernels.selectionFamily,
        FloatKernels.attentionFamily,
        FloatKernels.transposeFamily,
        FloatKernels.interleaveFamily,
        FloatKernels.windowMaximumFamily,
        FloatKernels.elementsFamily,
        IntegerKernels.gemmFamily,
        IntegerKernels.depthwiseFamily,
        IntegerKernels.winogradFamily,
        IntegerKernels.elementwiseFamily,
    ]

    package static var elementwise: KernelFamily { FloatKernels.elementwiseFamily }
    package static var reduction: KernelFamily { FloatKernels.reductionFamily }
    package static var transpose: KernelFamily { FloatKernels.transposeFamily }
    package static var interleaving: KernelFamily { FloatKernels.interleaveFamily }
    package static var windowMaximum: KernelFamily { FloatKernels.windowMaximumFamily }
    package static var elements: KernelFamily { FloatKernels.elementsFamily }
    package static var integerElementwise: KernelFamily { IntegerKernels.elementwiseFamily }

    /// The row of that name, in any family.
    package static func row(named name: String) -> KernelRow? {
        families.lazy.flatMap(\.rows).first { $0.name == name }
    }
}
