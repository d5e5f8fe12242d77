internal import QTune

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Numbers for people.
enum Format {
    static func fixed(_ value: Double, _ digits: Int) -> String { NumberText.fixed(value, digits: digits) }

    static func percent(_ share: Double?) -> String { share.map { fixed(100 * $0, 2) + " %" } ?? "-" }

    static func decibels(_ value: Double?) -> String { value.map { $0.isFinite ? fixed($0, 1) : "exact" } ?? "-" }
}

/// What the operating system says of this process.
enum ProcessMemory {
    /// The most bytes of memory that the process held at any time.
    static var peakBytes: Int {
        var usage = rusage()
        guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        return usage.ru_maxrss * 1024
    }
}
