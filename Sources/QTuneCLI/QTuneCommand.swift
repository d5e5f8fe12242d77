internal import ArgumentParser
internal import QTune

@main
struct QTuneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qtune", abstract: "Run, measure and selectively quantize ONNX networks.",
        subcommands: [
            InspectCommand.self, RunCommand.self, VerifyCommand.self, BenchCommand.self, AnalyzeCommand.self,
            QuantizeCommand.self,
            EvaluateCommand.self, TuneCommand.self, ReportCommand.self, KernelsCommand.self, DemoCommand.self,
        ])

    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as QTuneError {
            Console.error(error.description)
            Self.exit(withError: error.exitCode)
        } catch {
            Self.exit(withError: error)
        }
    }
}
