internal import ArgumentParser

@main
struct QTuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "qtune", abstract: "Run, measure and selectively quantize ONNX networks.")
}
