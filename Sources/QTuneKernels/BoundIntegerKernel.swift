internal import QTuneTensor

/// An integer convolution or product of operands that lie in the same memory each time.
///
/// What a run reads is held as addresses: to look at a tensor counts a reference and reads a line that no longer is in
/// the cache, at every step of a network.
package final class BoundIntegerKernel: BoundCall, @unchecked Sendable {
    private let channels: ChannelAddresses
    /// nil where there are no results.
    private let work: (any BoundIntegerWork)?
    private let findsRange: Bool
    private let input: InputAddresses?
    private let results: ResultAddresses?
    private let pool: ThreadPool
    /// Keeps the memory.
    private let kept: (operands: [Any], InputQuantization, IntegerResults?)

    /// - Parameters:
    ///   - operands: what `work` and `channels` need.
    ///   - results: nil for a kernel that is told where to write.
    init(
        _ work: (any BoundIntegerWork)?, channels: ChannelAddresses, input: InputQuantization,
        results: IntegerResults?, findsRange: Bool, pool: ThreadPool, keeping operands: [Any]
    ) {
        (self.work, self.channels, self.findsRange, self.pool) = (work, channels, findsRange, pool)
        (self.input, self.results) = (InputAddresses(input), results.map(ResultAddresses.init))
        kept = (operands, input, results)
    }

    package func run() {
        results?.write(pool: pool) { output in run(input?.current, into: output) }
        extendLifetime(self)
    }

    /// Runs on an input with its own zero point, and its own scale, or on one that has none.
    func run(_ input: (zeroPoint: Int32, scale: Float?)?, into output: Tensor) -> RealRange? {
        defer { extendLifetime((self, output)) }
        return run(input, into: output.address)
    }

    private func run(
        _ input: (zeroPoint: Int32, scale: Float?)?, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        guard let work else { return findsRange ? RealRange(lower: 0, upper: 0) : nil }
        return channels.withParameters(of: input) { parameters, zeroPoint in
            work.run(parameters, zeroPoint: zeroPoint, into: output)
        }
    }
}
