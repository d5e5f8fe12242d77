internal import CQTuneKernels
internal import QTuneTensor

/// The tables of the integer families, and the choice among their rows.
enum IntegerKernels {
    typealias GemmRow = UnsafePointer<qt_integer_gemm_kernel>
    typealias DepthwiseRow = UnsafePointer<qt_integer_depthwise_kernel>
    typealias WinogradRow = UnsafePointer<qt_integer_winograd_kernel>
    typealias ElementwiseRow = UnsafePointer<qt_integer_elementwise_kernel>

    /// Rows of constant tables, which live as long as the process.
    nonisolated(unsafe) static let gemmRows = rows(qt_integer_gemm_row)
    nonisolated(unsafe) static let depthwiseRows = rows(qt_integer_depthwise_row)
    nonisolated(unsafe) static let winogradRows = rows(qt_integer_winograd_row)
    nonisolated(unsafe) static let elementwiseRows = rows(qt_integer_elementwise_row)

    private static func rows<Row>(_ row: (Int) -> UnsafePointer<Row>?) -> [UnsafePointer<Row>] {
        var rows: [UnsafePointer<Row>] = []
        while let next = row(rows.count) { rows.append(next) }
        return rows
    }

    /// The best product kernel of `tier`.
    static func gemm(for tier: CPUTier) -> GemmRow {
        gemmRows.first { serves($0.pointee.isa, tier) } ?? gemmRows[gemmRows.count - 1]
    }

    /// The best depthwise kernel of `tier`.
    static func depthwise(for tier: CPUTier) -> DepthwiseRow {
        depthwiseRows.first { serves($0.pointee.isa, tier) } ?? depthwiseRows[depthwiseRows.count - 1]
    }

    /// The best Winograd kernel of `tier`.
    static func winograd(for tier: CPUTier) -> WinogradRow {
        winogradRows.first { serves($0.pointee.isa, tier) } ?? winogradRows[winogradRows.count - 1]
    }

    /// The best element-wise row of `tier`; of this process's tier where that is nil.
    static func elementwise(for tier: CPUTier?) -> ElementwiseRow {
        guard let tier = tier ?? (try? CPUTier.current) else { return elementwiseRows[elementwiseRows.count - 1] }
        return elementwiseRows.first { serves($0.pointee.isa, tier) } ?? elementwiseRows[elementwiseRows.count - 1]
    }

    private static func serves(_ mask: UInt32, _ tier: CPUTier) -> Bool {
        InstructionSet(rawValue: mask).isSubset(of: tier.instructions)
    }

    private static func row(_ name: UnsafePointer<CChar>, _ mask: UInt32) -> KernelRow {
        KernelRow(name: String(cString: name), instructions: InstructionSet(rawValue: mask))
    }

    static var gemmFamily: KernelFamily {
        KernelFamily(
            name: "integer_gemm", summary: "u8/s8 products and convolutions, exact int32 sums",
            rows: gemmRows.map { row($0.pointee.name, $0.pointee.isa) })
    }

    static var depthwiseFamily: KernelFamily {
        KernelFamily(
            name: "integer_depthwise", summary: "u8/s8 depthwise convolutions over NHWC",
            rows: depthwiseRows.map { row($0.pointee.name, $0.pointee.isa) })
    }

    static var winogradFamily: KernelFamily {
        KernelFamily(
            name: "integer_winograd", summary: "u8/s8 3x3 convolutions in squares, exact int32 sums",
            rows: winogradRows.flatMap { kernel in
                [kernel.pointee.name, kernel.pointee.late_name].compactMap { $0 }.map { row($0, kernel.pointee.isa) }
            })
    }

    static var elementwiseFamily: KernelFamily {
        KernelFamily(
            name: "integer_elementwise", summary: "quantize, dequantize, requantize, add, multiply, pool",
            rows: elementwiseRows.map { row($0.pointee.name, $0.pointee.isa) })
    }
}
