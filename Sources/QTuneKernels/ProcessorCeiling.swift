internal import CQTuneKernels
internal import QTuneTensor

/// What one core does at most: the measure of how good a kernel is.
public struct ProcessorCeiling: Hashable, Sendable {
    /// What sets the pace.
    public enum Kind: Hashable, Sendable, CaseIterable {
        /// Products of float32.
        case float
        /// Products of 8-bit integers, or 16-bit ones where the processor multiplies nothing narrower exactly.
        case integer
        /// Bytes that are read and written.
        case memory
    }

    /// The name of the loop that was measured.
    public let name: String
    public let kind: Kind
    /// Multiplications and additions in a second, or bytes read and written, on one core.
    public let operationsPerSecond: Double

    /// Measures the ceiling of `tier` now: tens of milliseconds. Nil where none is known, as for scalar code.
    public static func measure(_ kind: Kind, tier: CPUTier) -> ProcessorCeiling? {
        if kind == .memory { return memory }
        guard
            let row = rows.first(where: { $0.pointee.is_integer == (kind == .integer) && serves($0.pointee.isa, tier) })
        else { return nil }
        let steps = 200_000
        let fastest = Stopwatch.fastest(of: 20) { row.pointee.run(steps) }
        return ProcessorCeiling(
            name: String(cString: row.pointee.name), kind: kind,
            operationsPerSecond: Double(steps * row.pointee.operations) / fastest)
    }

    /// The pace of copies of `copiedBytes`: as much as large layers make, more than the caches of a core hold.
    private static var memory: ProcessorCeiling {
        let (source, target) = (
            Tensor(zeros: .uint8, shape: [copiedBytes]), Tensor(zeros: .uint8, shape: [copiedBytes])
        )
        let fastest = Stopwatch.fastest(of: 20) { target.copyBytes(0..<copiedBytes, of: source, to: 0) }
        return ProcessorCeiling(
            name: "copy of \(copiedBytes >> 20) MiB", kind: .memory,
            operationsPerSecond: Double(2 * copiedBytes) / fastest)
    }

    private static let copiedBytes = 3 << 20

    private static var rows: [UnsafePointer<qt_ceiling>] {
        var rows: [UnsafePointer<qt_ceiling>] = []
        while let next = qt_ceiling_row(rows.count) { rows.append(next) }
        return rows
    }

    private static func serves(_ mask: UInt32, _ tier: CPUTier) -> Bool {
        InstructionSet(rawValue: mask).isSubset(of: tier.instructions)
    }
}

/// Times of short calls.
enum Stopwatch {
    /// Seconds of the fastest of `runs` calls.
    static func fastest(of runs: Int, _ body: () -> Void) -> Double {
        (0..<max(1, runs)).reduce(.infinity) { fastest, _ in min(fastest, seconds(body)) }
    }

    /// Seconds of the fastest call among those that start within `limit` seconds; at least one does.
    static func fastest(within limit: Double, _ body: () -> Void) -> Double {
        var (fastest, total) = (Double.infinity, 0.0)
        repeat {
            let time = seconds(body)
            fastest = min(fastest, time)
            total += time
        } while total < limit
        return fastest
    }

    private static func seconds(_ body: () -> Void) -> Double {
        ContinuousClock().measure(body) / .seconds(1)
    }
}
