/// File size against loss: every candidate a point, the front a staircase.
struct ParetoPlot {
    let report: Report

    private static let width = 860.0
    private static let height = 460.0
    private static let left = 70.0
    private static let right = 840.0
    private static let top = 20.0
    private static let bottom = 400.0
    /// Points of loss beyond which candidates lie on the upper edge: where they matter, differences must be seen.
    private var mostLoss: Double { max(2, 5 * (report.smallestVisibleLoss ?? 1)) }

    var svg: Markup {
        let all = [report.float] + report.candidates
        let sizes = Axis(holding: all.map { Self.megabytes($0) })
        let limit = mostLoss
        let shown = report.candidates.filter { $0.loss <= limit }
        let losses = Axis(
            holding: [0] + shown.map(\.loss)
                + shown.filter(\.isOnFront).flatMap {
                    [$0.lossInterval.lowerBound, min(limit, $0.lossInterval.upperBound)]
                })
        return """
            <svg viewBox="0 0 \(Self.width) \(Self.height)" role="img" aria-label="File size against loss">
            \(grid(sizes, losses))\(staircase(sizes, losses))
            \(report.candidates.sorted { !$0.isOnFront && $1.isOnFront }.map { point($0, sizes, losses, kind: $0.isOnFront ? "front" : "point") })
            \(point(report.float, sizes, losses, kind: "float"))\(labels(sizes, losses))
            </svg>
            """
    }

    private static func megabytes(_ candidate: Report.Candidate) -> Double { Double(candidate.sizeBytes) / 1e6 }

    private func x(_ megabytes: Double, _ axis: Axis) -> Double {
        axis.position(megabytes, from: Self.left, to: Self.right)
    }
    private func y(_ loss: Double, _ axis: Axis) -> Double {
        axis.position(min(loss, axis.upper), from: Self.bottom, to: Self.top)
    }

    private func grid(_ sizes: Axis, _ losses: Axis) -> Markup {
        let columns = sizes.ticks.map { tick -> Markup in
            let at = x(tick, sizes)
            return """
                <line class="grid" x1="\(at)" x2="\(at)" y1="\(Self.top)" y2="\(Self.bottom)"/>\
                <text x="\(at)" y="\(Self.bottom + 18)" text-anchor="middle">\(NumberText.short(tick, digits: 3))</text>
                """
        }
        let rows = losses.ticks.map { tick -> Markup in
            let at = y(tick, losses)
            return """
                <line class="\(tick == 0 ? "zero" : "grid")" x1="\(Self.left)" x2="\(Self.right)" y1="\(at)" y2="\(at)"/>\
                <text x="\(Self.left - 8)" y="\(at + 4)" text-anchor="end">\(NumberText.short(tick, digits: 3))</text>
                """
        }
        return """
            \(columns)\(rows)
            <text class="title" x="\((Self.left + Self.right) / 2)" y="\(Self.bottom + 42)" text-anchor="middle">file size, MB (smaller is better)</text>
            <text class="title" transform="translate(18 \((Self.top + Self.bottom) / 2)) rotate(-90)" text-anchor="middle">\(report.metric) loss, points (lower is better)</text>
            """
    }

    /// The border of what the front dominates.
    private func staircase(_ sizes: Axis, _ losses: Axis) -> Markup {
        let front = ([report.float] + report.candidates).filter(\.isOnFront).sorted { $0.sizeBytes < $1.sizeBytes }
        guard let first = front.first else { return "" }
        var path: Markup = "M \(x(Self.megabytes(first), sizes)) \(Self.top)"
        for candidate in front {
            path = path + " H \(x(Self.megabytes(candidate), sizes)) V \(y(candidate.loss, losses))"
        }
        return "<path class=\"stairs\" d=\"\(path) H \(Self.right)\"/>"
    }

    private func point(_ candidate: Report.Candidate, _ sizes: Axis, _ losses: Axis, kind: String) -> Markup {
        let atX = x(Self.megabytes(candidate), sizes)
        let low = y(candidate.lossInterval.lowerBound, losses)
        let high = y(candidate.lossInterval.upperBound, losses)
        let whisker: Markup =
            kind == "front" && report.samples > 0
            ? "<line class=\"whisker\" x1=\"\(atX)\" x2=\"\(atX)\" y1=\"\(min(low, Self.bottom))\" y2=\"\(max(high, Self.top))\"/>"
            : ""
        return """
            \(whisker)<circle class="\(kind)" cx="\(atX)" cy="\(y(candidate.loss, losses))" r="\(kind == "point" ? 3.5 : 5)">\
            <title>\(Self.tip(candidate))</title></circle>
            """
    }

    private func labels(_ sizes: Axis, _ losses: Axis) -> Markup {
        let best = report.candidates.filter { $0.rank != nil }.map { candidate -> Markup in
            let x = x(Self.megabytes(candidate), sizes)
            return
                "<text class=\"rank\" x=\"\(x + 8)\" y=\"\(y(candidate.loss, losses) - 8)\">\(candidate.rank ?? 0)</text>"
        }
        let float: Markup = """
            <text class="rank" x="\(x(Self.megabytes(report.float), sizes) - 10)" \
            y="\(y(report.float.loss, losses) - 10)" text-anchor="end">float</text>
            """
        return "\(best)\(float)"
    }

    private static func tip(_ candidate: Report.Candidate) -> String {
        let latency = candidate.latencyMilliseconds.map { ", \(NumberText.fixed($0, digits: 3)) ms" } ?? ""
        return
            "\(candidate.label): \(NumberText.bytes(candidate.sizeBytes)), loss \(NumberText.fixed(candidate.loss, digits: 2)) "
            + "[\(NumberText.fixed(candidate.lossInterval.lowerBound, digits: 2)), "
            + "\(NumberText.fixed(candidate.lossInterval.upperBound, digits: 2))]\(latency)"
    }
}
