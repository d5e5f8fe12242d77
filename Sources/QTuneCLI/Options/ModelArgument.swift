internal import ArgumentParser
internal import FoundationEssentials
internal import QTune

/// The network that a command works on.
struct ModelArgument: ParsableArguments {
    @Argument(help: "The network, an .onnx file.")
    var model: String

    func read() throws -> Model { try ModelReader.read(path: model) }

    /// Runs `body` and names the file in the error that it throws.
    func located<Result>(_ body: () throws -> Result) throws -> Result { try locating(model, body) }

    /// The file's size in bytes.
    func fileSize() throws -> Int { try FileSize.ofFile(at: model) }
}
