internal import ArgumentParser
internal import QTune

struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show what a run found, and write its report.html anew.")

    @Argument(help: "The folder of a run.")
    var folder: String
    @Option(help: "Variants to name as the best.")
    var top = 3
    @Flag(help: "Print the report as JSON.")
    var json = false

    func validate() throws {
        guard top >= 1 else { throw ValidationError("--top is at least 1") }
    }

    func run() throws {
        let folder = RunFolder(path: folder)
        let report = try RunReport.make(folder, top: top)
        try RunReport.write(report, to: folder)
        if json { return try Console.print(json: report) }
        FrontTable.show(report)
        Console.note("report: \(folder.reportPath)")
    }
}

/// The Pareto front as a table on the terminal.
enum FrontTable {
    static func show(_ report: Report) {
        var table = TextTable([
            ("", .right), ("variant", .left), ("bytes", .right), ("of float", .right),
            ("\(report.metric) loss", .right),
            ("95 % interval", .right), ("ms", .right), ("file", .left),
        ])
        for candidate in [report.float]
            + report.candidates.filter(\.isOnFront).sorted(by: { $0.sizeBytes > $1.sizeBytes })
        {
            let ratio = Double(candidate.sizeBytes) / Double(max(1, report.float.sizeBytes))
            table.add([
                candidate.rank.map(String.init) ?? "", candidate.label, "\(candidate.sizeBytes)",
                Format.fixed(ratio, 3),
                Format.fixed(candidate.loss, 2),
                "\(Format.fixed(candidate.lossInterval.lowerBound, 2)) to \(Format.fixed(candidate.lossInterval.upperBound, 2))",
                candidate.latencyMilliseconds.map { Format.fixed($0, 3) } ?? "-", candidate.file ?? "",
            ])
        }
        Console.print(table.lines)
        var lines = [
            "",
            "\(report.candidates.count) candidates on \(report.samples) samples; rank 1 is closest to the ideal point",
        ]
        if let visible = report.smallestVisibleLoss {
            lines.append(
                "so many samples show losses of \(Format.fixed(visible, 2)) points and more; smaller ones may be chance"
            )
        }
        if let hypervolume = report.hypervolume {
            lines.append("hypervolume \(Format.fixed(hypervolume, 4)) (1 is perfect)")
        }
        Console.print(lines)
    }
}
