/// One row a layer: its QDQ and XModel errors in dB and its sensitivities as bars.
struct LayerChart {
    /// A quantity that every layer may have.
    private struct Column: Sendable {
        let title: String
        let note: String
        let kind: String
        let value: @Sendable (Report.Layer) -> Double?
    }

    let layers: [Report.Layer]

    private static let columns = [
        Column(title: "QDQ error, dB", note: "higher is better", kind: "qdq") { $0.qdqDecibels },
        Column(title: "XModel error, dB", note: "higher is better", kind: "xmodel") { $0.xmodelDecibels },
        Column(title: "harm when only it is int8", note: "lower is better", kind: "harm") { $0.quantizeOnly },
        Column(title: "gain when only it is float", note: "higher: restore it first", kind: "gain") { $0.restoreOnly },
    ]

    private static let row = 18.0
    private static let names = 250.0
    private static let bar = 130.0
    private static let gap = 56.0
    private static let head = 40.0

    var svg: Markup {
        let columns = Self.columns.filter { column in layers.contains { column.value($0) != nil } }
        let width = Self.names + Double(columns.count) * (Self.bar + Self.gap)
        let height = Self.head + Double(layers.count) * Self.row + 8
        return """
            <svg viewBox="0 0 \(width) \(height)" style="max-width: \(width)px" role="img" aria-label="Errors by layer">
            \(layers.enumerated().map { index, layer in name(layer, at: Double(index)) })
            \(columns.enumerated().map { index, column in draw(column, at: Self.names + Double(index) * (Self.bar + Self.gap)) })
            </svg>
            """
    }

    private func name(_ layer: Report.Layer, at index: Double) -> Markup {
        let limit = 38
        let text = layer.name.count > limit ? "…" + layer.name.suffix(limit - 1) : layer.name
        return """
            <text x="\(Self.names - 10)" y="\(Self.head + index * Self.row + 12)" text-anchor="end">\(text)\
            <title>\(layer.name)</title></text>
            """
    }

    private func draw(_ column: Column, at x: Double) -> Markup {
        let values = layers.map(column.value)
        let largest = max(values.compactMap { $0 }.filter(\.isFinite).map(abs).max() ?? 0, 1e-12)
        let bars = values.enumerated().map { index, value -> Markup in
            guard let value, value.isFinite else { return "" }
            let y = Self.head + Double(index) * Self.row + 2
            let length = max(0.5, abs(value) / largest * Self.bar)
            return """
                <rect class="\(column.kind)\(value < 0 ? " negative" : "")" x="\(x)" y="\(y)" width="\(length)" height="\(Self.row - 5)"/>\
                <text class="value" x="\(x + length + 4)" y="\(y + 10)">\(largest < 1 ? NumberText.significant(value) : NumberText.short(value, digits: 1))</text>
                """
        }
        return
            "<text class=\"title\" x=\"\(x)\" y=\"14\">\(column.title)</text><text x=\"\(x)\" y=\"29\">\(column.note)</text>\(bars)"
    }
}
