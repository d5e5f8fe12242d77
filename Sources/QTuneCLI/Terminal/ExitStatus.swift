internal import ArgumentParser
internal import QTune

extension QTuneError {
    /// The process's exit status for this kind of failure.
    var exitCode: ExitCode {
        switch code {
        case .invalidArgument: .usage
        case .invalidModel, .invalidInput, .invalidData, .unsupported: .badData
        default: .failure
        }
    }
}

extension ExitCode {
    static let usage = ExitCode(64)
    /// A model or data that cannot be used.
    static let badData = ExitCode(65)
    /// Finished, but nothing meets the constraints.
    static let nothingFits = ExitCode(2)
    static let interrupted = ExitCode(130)
}
