import Foundation
import Testing

/// What a finished run of the program left.
struct Outcome {
    /// The exit status; the negative number of the signal where one ended the process.
    let status: Int32
    let output: String
    let messages: String
}

/// Runs of the program that was built together with these tests.
enum QTuneProcess {
    /// The executable: it lies in the folder of the test bundle.
    static let executable: URL? = {
        let starts = CommandLine.arguments.filter { $0.contains("/") } + [Bundle.main.bundlePath]
        let folders = starts.flatMap { path -> [URL] in
            let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
            return [url, url.deletingLastPathComponent()]
        }
        return folders.map { $0.appendingPathComponent("qtune") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) && !$0.hasDirectoryPath }
    }()

    /// A run that was started and not waited for.
    final class Running {
        let process: Process
        private let folder: URL
        private let log: URL

        fileprivate init(_ arguments: [String], environment: [String: String]) throws {
            process = Process()
            let program: URL = try #require(QTuneProcess.executable, "the program is not beside the tests")
            process.executableURL = program
            process.arguments = arguments
            process.environment = ProcessInfo.processInfo.environment
                .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }.merging(environment) { $1 }
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("qtune-run-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            log = folder.appendingPathComponent("out")
            let errors = folder.appendingPathComponent("err")
            for url in [log, errors] { try Data().write(to: url) }
            process.standardOutput = try FileHandle(forWritingTo: log)
            process.standardError = try FileHandle(forWritingTo: errors)
            process.standardInput = FileHandle.nullDevice
            // Tests run on threads that take no signals, which the program would inherit.
            var interrupts = sigset_t()
            sigemptyset(&interrupts)
            sigaddset(&interrupts, SIGINT)
            pthread_sigmask(SIG_UNBLOCK, &interrupts, nil)
            try process.run()
        }

        /// Waits for the end, but no longer than `seconds`: a run that hangs is ended and is a failure.
        func wait(seconds: Double = 120) throws -> Outcome {
            defer { try? FileManager.default.removeItem(at: folder) }
            let deadline = Date(timeIntervalSinceNow: seconds)
            while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.002) }
            if process.isRunning {
                kill(process.processIdentifier, SIGKILL)
                Issue.record("\(process.arguments ?? []) did not end within \(seconds) s")
            }
            process.waitUntilExit()
            func text(_ name: String) throws -> String {
                String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
            }
            let status = process.terminationStatus
            return Outcome(
                status: process.terminationReason == .uncaughtSignal ? -status : status, output: try text("out"),
                messages: try text("err"))
        }
    }

    static func start(_ arguments: [String], environment: [String: String] = [:]) throws -> Running {
        try Running(arguments, environment: environment)
    }

    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try start(arguments, environment: environment).wait()
    }

    static func run(_ arguments: String...) throws -> Outcome { try run(arguments) }
}

/// The example that comes with the project.
enum Demo {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Examples/demo").path
    static let model = folder + "/shapes.onnx"
    static let calibration = folder + "/calibration"
    static let evaluation = folder + "/evaluation"
    static let picture = folder + "/evaluation/star/094.jpg"
    static let normalization = ["--mean", "127.5", "--std", "127.5"]

    /// A quantized form of the example's network at `path`.
    static func quantize(to path: String) throws -> Outcome {
        try QTuneProcess.run(
            ["quantize", model, "-o", path, "--calibration", calibration, "--calibration-limit", "4"] + normalization)
    }
}

/// A folder that is there while a test runs.
func withTestFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("qtune-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

/// The bytes of a file.
func contents(of path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }

/// The names in a folder, sorted.
func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
