internal import FoundationEssentials

/// The report as one HTML page that needs nothing else: style, drawings and data are inside.
public enum HTMLReport {
    /// The page's text, UTF-8.
    public static func render(_ report: Report) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // Inside a script element "<" may begin a tag that ends it; in JSON it stands in strings only.
        let json = String(decoding: try encoder.encode(report), as: UTF8.self)
            .split(separator: "<", omittingEmptySubsequences: false).joined(separator: "\\u003c")
        let data = Markup(stringLiteral: json)
        let page: Markup = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(report.title)</title>
            <style>\(Markup(stringLiteral: style))</style>
            </head>
            <body>
            <h1>\(report.title)</h1>
            \(summary(report))
            <h2>Pareto front</h2>
            <p>Every point is a variant of the network, evaluated on the same \(report.samples) samples. Whiskers are 95 % confidence
            intervals of the paired loss; variants with larger losses lie on the upper edge. \(visibility(report))</p>
            \(ParetoPlot(report: report).svg)
            <h2>Layers</h2>
            <p>\(report.layers.isEmpty ? "The run measured no layers." : "Errors are signal-to-noise ratios: higher dB means less noise.")</p>
            \(report.layers.isEmpty ? "" : LayerChart(layers: report.layers).svg)
            <h2>Candidates</h2>
            \(table(report))
            <h2>Run</h2>
            <dl>\(report.facts.map { fact -> Markup in "<dt>\(fact.name)</dt><dd>\(fact.value)</dd>" })</dl>
            <script type="application/json" id="report">\(data)</script>
            </body>
            </html>
            """
        return page.text
    }

    private static func summary(_ report: Report) -> Markup {
        let ranked = report.candidates.filter { $0.rank != nil }.sorted { ($0.rank ?? 0) < ($1.rank ?? 0) }
        let cards = ranked.map { candidate -> Markup in
            let ratio = Double(candidate.sizeBytes) / Double(max(1, report.float.sizeBytes))
            return """
                <div class="card"><b>\(candidate.rank ?? 0). \(candidate.label)</b>
                <span>\(NumberText.fixed(100 * ratio, digits: 1)) % of the size,
                \(NumberText.fixed(candidate.loss, digits: 2)) points of \(report.metric) lost\(speed(candidate, report))</span></div>
                """
        }
        return "<p>The variants closest to the ideal point:</p><div class=\"cards\">\(cards)</div>"
    }

    private static func speed(_ candidate: Report.Candidate, _ report: Report) -> String {
        guard let latency = candidate.latencyMilliseconds, let float = report.float.latencyMilliseconds, latency > 0
        else { return "" }
        return ", \(NumberText.fixed(float / latency, digits: 2)) x as fast"
    }

    private static func visibility(_ report: Report) -> String {
        guard let smallest = report.smallestVisibleLoss else { return "" }
        return
            "So many samples can show differences of \(NumberText.fixed(smallest, digits: 2)) points and more; smaller ones may be chance."
    }

    private static func table(_ report: Report) -> Markup {
        let metrics = Set(([report.float] + report.candidates).flatMap(\.metrics.keys)).sorted()
        let rows = ([report.float] + report.candidates.sorted { ($0.sizeBytes, $0.loss) < ($1.sizeBytes, $1.loss) }).map
        {
            row($0, metrics, report)
        }
        return """
            <div class="scroll"><table><thead><tr><th class="text">variant</th><th>size</th><th>of float</th><th>loss</th><th>95 % interval</th>
            \(isConfirmed(report) ? "<th>on fresh data</th><th>95 % interval</th>" : "")\
            \(metrics.map { name -> Markup in "<th>\(name)</th>" })<th>latency, ms</th><th class="text">file</th></tr></thead>
            <tbody>\(rows)</tbody></table></div>
            """
    }

    private static func row(_ candidate: Report.Candidate, _ metrics: [String], _ report: Report) -> Markup {
        let ratio = Double(candidate.sizeBytes) / Double(max(1, report.float.sizeBytes))
        let interval = candidate.lossInterval
        return """
            <tr class="\(candidate.isOnFront ? "front" : "")"><td class="text">\(candidate.rank.map { "\($0). " } ?? "")\(candidate.label)</td>
            <td>\(NumberText.bytes(candidate.sizeBytes))</td><td>\(NumberText.fixed(100 * ratio, digits: 1)) %</td>
            <td>\(NumberText.fixed(candidate.loss, digits: 2))</td>
            <td>\(NumberText.fixed(interval.lowerBound, digits: 2)) to \(NumberText.fixed(interval.upperBound, digits: 2))</td>
            \(isConfirmed(report) ? confirmation(candidate) : "")\
            \(metrics.map { name -> Markup in "<td>\(metric(name, candidate.metrics[name]))</td>" })
            <td>\(candidate.latencyMilliseconds.map { NumberText.fixed($0, digits: 3) } ?? "–")</td>
            <td class="text">\(candidate.file ?? "")</td></tr>
            """
    }

    private static func isConfirmed(_ report: Report) -> Bool { report.candidates.contains { $0.confirmedLoss != nil } }

    private static func confirmation(_ candidate: Report.Candidate) -> Markup {
        guard let loss = candidate.confirmedLoss, let interval = candidate.confirmedInterval else {
            return "<td>–</td><td>–</td>"
        }
        return """
            <td>\(NumberText.fixed(loss, digits: 2))</td>\
            <td>\(NumberText.fixed(interval.lowerBound, digits: 2)) to \(NumberText.fixed(interval.upperBound, digits: 2))</td>
            """
    }

    private static func metric(_ name: String, _ value: Double?) -> String {
        guard let value else { return "–" }
        return name == "dissimilarity"
            ? NumberText.fixed(value, digits: 2) : NumberText.fixed(100 * value, digits: 2) + " %"
    }

    private static let style = """
        :root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #d9dee7; --back: #fff; --accent: #2463eb; --warm: #d9622b; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #333b49; --back: #14181f; --accent: #6ea0ff; --warm: #ff9a62; }
        }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back); max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
        .cards { display: flex; flex-wrap: wrap; gap: .8rem; }
        .card { border: 1px solid var(--line); border-radius: 8px; padding: .7rem 1rem; flex: 1 1 220px; }
        .card b, .card span { display: block; } .card span { color: var(--soft); }
        svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--soft); } svg .title, svg .rank { fill: var(--ink); }
        .grid { stroke: var(--line); } .zero { stroke: var(--soft); } .stairs { fill: none; stroke: var(--accent); stroke-width: 1.5; }
        .whisker { stroke: var(--accent); opacity: .5; } circle.point { fill: var(--soft); opacity: .55; } circle.front { fill: var(--accent); }
        circle.float { fill: var(--warm); } .rank { font-weight: 600; }
        .qdq { fill: var(--accent); } .xmodel { fill: #4aa58a; } .harm { fill: var(--warm); } .gain { fill: #9a6fd0; } .negative { opacity: .4; }
        table { border-collapse: collapse; width: 100%; font-size: 13px; } th, td { text-align: right; padding: .25rem .5rem; border-bottom: 1px solid var(--line); white-space: nowrap; } td.text { white-space: normal; }
        th { position: sticky; top: 0; background: var(--back); } .text { text-align: left; } tr.front td { font-weight: 600; color: var(--accent); }
        .scroll { overflow-x: auto; }
        dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
        """
}
