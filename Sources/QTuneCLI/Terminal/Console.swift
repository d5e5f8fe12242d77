internal import FoundationEssentials
internal import QTune

/// Where output goes: data to stdout, everything that is said beside them to stderr.
enum Console {
    /// Whether stderr is a terminal that can redraw a line.
    static let isInteractive =
        OutputFile.standardError.isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb"

    static func print(_ lines: [String]) { write(lines.joined(separator: "\n") + "\n", to: .standardOutput) }
    static func print(_ line: String) { print([line]) }

    /// Prints a value as JSON on stdout.
    static func print(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n", to: .standardOutput)
    }

    static func note(_ text: String) { write(text + "\n", to: .standardError) }
    static func error(_ text: String) { note("qtune: " + text) }

    /// Writing to a closed pipe ends quietly.
    private static func write(_ text: String, to file: OutputFile) { try? file.append(text.utf8) }

    static func draw(_ line: String) { write("\r\u{1B}[K" + line, to: .standardError) }
}
