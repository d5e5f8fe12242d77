internal import ArgumentParser
internal import FoundationEssentials
internal import QTune

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that networks give the answers they came with, on this machine.",
        discussion: """
            A case is a folder with an .onnx file and folders test_data_set_N that hold input_I.pb and output_I.pb, as \
            the standard's operator tests and the model zoo are laid out; tolerance.txt may give the relative and the \
            absolute tolerance (0.001 and 0.0000001 unless it does). Exits with 0 only if no case is wrong.
            """)

    @Argument(help: "Folders with cases, at any depth.")
    var folders: [String]
    @Option(help: ArgumentHelp("Only cases with this in their name.", valueName: "NAME"))
    var filter: String?
    @OptionGroup var threads: ThreadsOption
    @Flag(help: "Run the graph as it stands, node by node.")
    var unoptimized = false
    @Flag(help: "Print JSON.")
    var json = false

    private struct Line: Encodable {
        let name: String
        let folder: String
        let verdict: Verdict.Kind
        let note: String
    }

    private struct Summary: Encodable {
        var pass = 0
        var wrong = 0
        var unsupported = 0
        var cases: [Line] = []

        mutating func add(_ line: Line) {
            cases.append(line)
            switch line.verdict {
            case .pass: pass += 1
            case .wrong: wrong += 1
            case .unsupported: unsupported += 1
            }
        }
    }

    func validate() throws {
        if folders.isEmpty { throw ValidationError("give a folder with cases") }
    }

    func run() throws {
        let found = try folders.flatMap(VerificationCase.find)
        let cases = found.filter { filter.map($0.name.contains) ?? true }
        guard !cases.isEmpty else {
            throw QTuneError(
                .invalidArgument, "none of the \(found.count) cases has '\(filter ?? "")' in its name",
                place: ["--filter"])
        }
        let options = SessionOptions(threads: threads.threads, optimizes: !unoptimized)
        let progress = Progress()
        var summary = Summary()
        for testCase in cases {
            progress.update("verifying", done: summary.cases.count, of: cases.count, detail: testCase.name)
            let verdict = testCase.verify(options: options)
            let line = Line(
                name: testCase.name, folder: testCase.folder.path, verdict: verdict.kind, note: verdict.note)
            summary.add(line)
            if !json {
                progress.clear()
                Self.show(line)
            }
        }
        progress.clear()
        if json {
            try Console.print(json: summary)
        } else {
            Console.print(
                "\(cases.count) cases: \(summary.pass) pass, \(summary.wrong) wrong, \(summary.unsupported) unsupported"
            )
        }
        if summary.wrong > 0 { throw ExitCode.failure }
    }

    private static func show(_ line: Line) {
        let verdict = line.verdict.rawValue.padded(to: 12)
        Console.print("\(verdict)\(line.name)\(line.note.isEmpty ? "" : ": ")\(line.note)")
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
