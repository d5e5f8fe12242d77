internal import ArgumentParser

/// How many threads a command works with, where two are the usual number.
struct ThreadsOption: ParsableArguments {
    @Option(help: "Threads.")
    var threads = 2

    func validate() throws { try Self.check(threads) }

    /// Throws where so many threads make no sense.
    static func check(_ threads: Int) throws {
        guard (1...1024).contains(threads) else { throw ValidationError("--threads lies between 1 and 1024") }
    }
}
