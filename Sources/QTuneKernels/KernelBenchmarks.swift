internal import QTuneTensor

/// Kernels at work on the layers of well-known networks, on one core.
///
/// Every family is here, so a new row of a kernel table is measured without further ado.
public enum KernelBenchmarks {
    /// One kernel and the work it is given.
    public struct Case: Sendable {
        /// `resnet50 3x3 256->256 at 14x14`.
        public let name: String
        /// The kernel family, as `qtune kernels` calls it.
        public let family: String
        /// The row of the family's table that does the work.
        public let kernel: String
        public let tier: CPUTier
        /// Multiplications and additions of one call; the bytes that it reads and writes where memory sets the pace.
        public let operations: Int
        /// The ceiling that the kernel is held against.
        public let ceiling: ProcessorCeiling.Kind

        fileprivate let prepare: @Sendable () throws -> Body

        /// A call of the kernel, its operands made and packed already.
        public typealias Body = @Sendable () -> Void

        init(
            _ name: String, family: KernelFamily, tier: CPUTier, kernel: String? = nil, operations: Int,
            ceiling: ProcessorCeiling.Kind, prepare: @escaping @Sendable () throws -> Body
        ) {
            self.name = name
            self.family = family.name
            self.kernel = kernel ?? family.picked(for: tier)?.name ?? ""
            self.tier = tier
            self.operations = operations
            self.ceiling = ceiling
            self.prepare = prepare
        }

        /// Makes the operands: call the result as often as you like.
        public func makeBody() throws -> Body { try prepare() }

        /// Operations in a second, by the fastest of the calls that fit into `seconds`.
        public func measure(seconds: Double = 0.1) throws -> Double {
            let body = try makeBody()
            body()
            return Double(operations) / Stopwatch.fastest(within: seconds, body)
        }
    }

    /// Every layer at hand on the kernels of `tier`.
    public static func cases(tier: CPUTier) -> [Case] {
        Layer.all.flatMap { [$0.floatCase(tier), $0.integerCase(tier)] } + attentionCases(tier) + memoryCases(tier)
    }

    /// One case for every row of every family that this machine runs, best rows first.
    public static func rows() -> [Case] {
        var seen: Set<String> = []
        return CPUTier.available.reversed().flatMap { tier in
            (Layer.representatives.flatMap { [$0.floatCase(tier), $0.integerCase(tier)] } + attentionCases(tier)
                + memoryCases(tier))
                .filter { seen.insert($0.kernel).inserted }
        }
    }
}
