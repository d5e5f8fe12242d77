/// What went wrong, where, and what to do about it. Every module throws this type.
public struct QTuneError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; callers switch on it, and the command line turns it into an exit status.
    public struct Code: Hashable, Sendable {
        package let name: String
        package init(_ name: String) { self.name = name }

        /// A model file is damaged or breaks the standard.
        public static let invalidModel = Code("invalid model")
        /// The model is sound but uses something this engine does not do.
        public static let unsupported = Code("unsupported")
        /// Inputs do not fit the model: a name, type or shape.
        public static let invalidInput = Code("invalid input")
        /// Data (images, labels, arrays, a recipe, a journal) is damaged or does not fit.
        public static let invalidData = Code("invalid data")
        /// An argument is out of range, or matched nothing.
        public static let invalidArgument = Code("invalid argument")
        /// A file could not be read or written.
        public static let inputOutput = Code("input/output")
        /// The engine itself is at fault.
        public static let internalError = Code("internal error")
    }

    public let code: Code
    /// What is wrong, a sentence without a full stop.
    public let message: String
    /// Where, outermost first: file, graph, node, tensor.
    public var place: [String]
    /// What to do about it, if that is known.
    public let remedy: String?

    public init(_ code: Code, _ message: String, place: [String] = [], remedy: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.remedy = remedy
    }

    /// The same error, seen from further out: `outer` goes in front of the place.
    public func within(_ outer: String) -> QTuneError {
        var copy = self
        copy.place.insert(outer, at: 0)
        return copy
    }

    public var description: String {
        let location = place.isEmpty ? "" : place.joined(separator: ": ") + ": "
        return location + message + (remedy.map { " (\($0))" } ?? "")
    }
}

/// Runs `body` and puts `place` in front of the place of a `QTuneError` that it throws.
@inlinable package func locating<Result: ~Copyable>(
    _ place: @autoclosure () -> String, _ body: () throws -> Result
) throws -> Result {
    do {
        return try body()
    } catch let error as QTuneError {
        throw error.within(place())
    }
}
