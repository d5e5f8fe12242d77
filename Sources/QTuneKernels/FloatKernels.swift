internal import CQTuneKernels
internal import QTuneTensor

/// The tables of the float32 kernels and of those that serve every type, read once.
enum FloatKernels {
    static let gemmFamily = KernelFamily(
        name: "f32_gemm", summary: "float32 matrix products and convolutions over packed columns",
        rows: gemmRows.map { row($0.name, $0.isa) })
    static let depthwiseFamily = KernelFamily(
        name: "f32_depthwise", summary: "float32 depthwise convolutions",
        rows: depthwiseRows.map { row($0.name, $0.isa) })
    static let groupedFamily = KernelFamily(
        name: "f32_grouped", summary: "float32 convolutions in groups of 2, 4 and 8 channels",
        rows: groupedRows.map { row($0.name, $0.isa) })
    static let winogradFamily = KernelFamily(
        name: "f32_winograd", summary: "transforms of float32 3x3 convolutions",
        rows: winogradRows.map { row($0.name, $0.isa) })
    static let elementwiseFamily = KernelFamily(
        name: "f32_elementwise", summary: "float32 functions of one and two arrays",
        rows: elementwiseRows.map { row($0.name, $0.isa) })
    static let reductionFamily = KernelFamily(
        name: "f32_reduction", summary: "float32 sums, extremes, softmax and pooling",
        rows: reductionRows.map { row($0.name, $0.isa) })
    static let resampleFamily = KernelFamily(
        name: "f32_resample", summary: "float32 weighted sums along axes that are resized",
        rows: resampleRows.map { row($0.name, $0.isa) })
    static let selectionFamily = KernelFamily(
        name: "f32_selection", summary: "the largest or smallest float32 numbers of a row, in order",
        rows: selectionRows.map { row($0.name, $0.isa) })
    static let attentionFamily = KernelFamily(
        name: "f32_attention", summary: "weights of float32 attention, from products of queries and keys",
        rows: attentionRows.map { row($0.name, $0.isa) })
    static let transposeFamily = KernelFamily(
        name: "any_transpose", summary: "transposes of 1, 2, 4, 8 and 16-byte elements",
        rows: transposeRows.map { row($0.name, $0.isa) })
    static let interleaveFamily = KernelFamily(
        name: "any_interleave", summary: "elements of two operands in turn",
        rows: interleaveRows.map { row($0.name, $0.isa) })
    static let elementsFamily = KernelFamily(
        name: "any_elements", summary: "comparisons, truth values, choices and conversions of plain types",
        rows: elementsRows.map { row($0.name, $0.isa) })
    static let windowMaximumFamily = KernelFamily(
        name: "any_window_max", summary: "the largest under windows over NHWC images of float32, u8 and s8",
        rows: windowMaximumRows.map { row($0.name, $0.isa) })

    static func gemm(for tier: CPUTier?) -> qt_f32_gemm_row { best(gemmRows, tier) { $0.isa } }
    static func depthwise(for tier: CPUTier?) -> qt_f32_depthwise_row { best(depthwiseRows, tier) { $0.isa } }
    static func grouped(for tier: CPUTier?) -> qt_f32_grouped_row { best(groupedRows, tier) { $0.isa } }
    /// The best transforms of squares of `tile` x `tile` outputs.
    static func winograd(for tier: CPUTier?, tile: Int) -> qt_f32_winograd_row {
        best(winogradRows.filter { Int($0.tile) == tile }, tier) { $0.isa }
    }
    static func elementwise(for tier: CPUTier?) -> qt_f32_elementwise_row { best(elementwiseRows, tier) { $0.isa } }
    static func reduction(for tier: CPUTier?) -> qt_f32_reduction_row { best(reductionRows, tier) { $0.isa } }
    static func resample(for tier: CPUTier?) -> qt_f32_resample_row { best(resampleRows, tier) { $0.isa } }
    static func selection(for tier: CPUTier?) -> qt_f32_selection_row { best(selectionRows, tier) { $0.isa } }
    static func attention(for tier: CPUTier?) -> qt_f32_attention_row { best(attentionRows, tier) { $0.isa } }
    static func interleave(for tier: CPUTier?) -> qt_interleave_row { best(interleaveRows, tier) { $0.isa } }
    static func windowMaximum(for tier: CPUTier?) -> qt_window_max_row { best(windowMaximumRows, tier) { $0.isa } }
    static func elements(for tier: CPUTier?) -> qt_elements_row { best(elementsRows, tier) { $0.isa } }
    static func transpose(for tier: CPUTier?) -> qt_transpose_row { best(transposeRows, tier) { $0.isa } }

    nonisolated(unsafe) private static let gemmRows = rows(qt_f32_gemm_table)
    nonisolated(unsafe) private static let depthwiseRows = rows(qt_f32_depthwise_table)
    nonisolated(unsafe) private static let groupedRows = rows(qt_f32_grouped_table)
    nonisolated(unsafe) private static let winogradRows = rows(qt_f32_winograd_table)
    nonisolated(unsafe) private static let elementwiseRows = rows(qt_f32_elementwise_table)
    nonisolated(unsafe) private static let reductionRows = rows(qt_f32_reduction_table)
    nonisolated(unsafe) private static let resampleRows = rows(qt_f32_resample_table)
    nonisolated(unsafe) private static let selectionRows = rows(qt_f32_selection_table)
    nonisolated(unsafe) private static let attentionRows = rows(qt_f32_attention_table)
    nonisolated(unsafe) private static let transposeRows = rows(qt_transpose_table)
    nonisolated(unsafe) private static let interleaveRows = rows(qt_interleave_table)
    nonisolated(unsafe) private static let elementsRows = rows(qt_elements_table)
    nonisolated(unsafe) private static let windowMaximumRows = rows(qt_window_max_table)

    private static func rows<Row>(_ table: (UnsafeMutablePointer<Int>?) -> UnsafePointer<Row>?) -> [Row] {
        var count = 0
        return Array(UnsafeBufferPointer(start: table(&count), count: count))
    }

    private static func row(_ name: UnsafePointer<CChar>, _ isa: UInt32) -> KernelRow {
        KernelRow(name: String(cString: name), instructions: InstructionSet(rawValue: isa))
    }

    /// The first row that `tier` runs; the last row, the scalar reference, runs everywhere.
    private static func best<Row>(_ rows: [Row], _ tier: CPUTier?, _ isa: (Row) -> UInt32) -> Row {
        let instructions = (tier ?? (try? CPUTier.current))?.instructions ?? []
        return rows.first { instructions.isSuperset(of: InstructionSet(rawValue: isa($0))) } ?? rows[rows.count - 1]
    }
}

extension Tensor {
    /// The first element, of a tensor that the caller keeps alive over the pointer's use.
    func unsafeElements<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
        address.assumingMemoryBound(to: type)
    }
}
