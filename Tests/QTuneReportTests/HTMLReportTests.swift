import Foundation
import QTuneReport
import Testing

@Suite struct HTMLReportTests {
    private func candidate(_ label: String, size: Int, loss: Double, onFront: Bool, rank: Int? = nil)
        -> Report.Candidate
    {
        Report.Candidate(
            id: label, label: label, sizeBytes: size, loss: loss, lossInterval: loss - 1...loss + 1,
            metrics: ["top1": 0.6], latencyMilliseconds: 1.5, isOnFront: onFront, rank: rank,
            file: "models/\(label).onnx")
    }

    private func report(title: String = "tuned", layers: [Report.Layer] = []) -> Report {
        Report(
            title: title, metric: "top1", samples: 650, smallestVisibleLoss: 1.2, facts: [.init("model", "net.onnx")],
            float: candidate("float", size: 1_000_000, loss: 0, onFront: true),
            candidates: [
                candidate("all int8", size: 300_000, loss: 4, onFront: true, rank: 1),
                candidate("worse", size: 400_000, loss: 6, onFront: false),
            ], layers: layers, hypervolume: 0.5)
    }

    @Test func everyCandidateIsAPointAndARow() throws {
        let page = try HTMLReport.render(report())
        #expect(page.components(separatedBy: "<circle").count == 4)
        #expect(page.components(separatedBy: "<tr").count == 5)
        #expect(page.contains("30.0 %"))
    }

    @Test func textFromOutsideIsEscaped() throws {
        let page = try HTMLReport.render(
            report(title: "<script>alert(1)</script>", layers: [Report.Layer(name: "a<b>&\"c\"", qdqDecibels: 20)]))
        #expect(!page.contains("<script>alert"))
        #expect(page.contains("a&lt;b&gt;&amp;&quot;c&quot;"))
    }

    @Test func theDataInsideReadBack() throws {
        let page = try HTMLReport.render(report(title: "</script>"))
        let start = try #require(page.range(of: "id=\"report\">"))
        let end = try #require(page.range(of: "</script>", range: start.upperBound..<page.endIndex))
        let json = Data(page[start.upperBound..<end.lowerBound].utf8)
        let decoded = try JSONDecoder().decode(Report.self, from: json)
        #expect(decoded.title == "</script>")
        #expect(decoded.candidates.map(\.label) == ["all int8", "worse"])
    }

    @Test func oddValuesDrawNothingBroken() throws {
        let layers = [
            Report.Layer(name: "exact", qdqDecibels: .infinity, xmodelDecibels: 1e-30),
            Report.Layer(name: "none"), Report.Layer(name: "negative", quantizeOnly: -0.25),
        ]
        var odd = report(layers: layers)
        odd.layers[0].qdqDecibels = nil
        odd.candidates = []
        let page = try HTMLReport.render(odd)
        for broken in ["nan", "inf\"", "NaN"] { #expect(!page.contains(broken)) }
    }
}

@Suite struct TextTableTests {
    @Test func columnsAreAsWideAsTheirWidestCell() {
        var table = TextTable([("name", .left), ("size", .right)])
        table.add(["a", "1"])
        table.add(["longer", "12345"])
        #expect(table.lines == ["name     size", "a           1", "longer  12345"])
    }
}
