internal import ArgumentParser
internal import QTune

struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "List the kernels, and which of them serve this machine.",
        discussion: """
            With a shape, shows the kernel that serves it and measures how near it comes to what one core can do:

              qtune kernels --convolution 1x56x56x64 --weights 64x64x3x3
              qtune kernels --matmul 128x384x1536 --int8

            QTUNE_CPU=TIER forces a lower tier.
            """)

    @Option(help: ArgumentHelp("An image batch to convolve.", valueName: "NxHxWxC"))
    var convolution: String?
    @Option(help: ArgumentHelp("The weights of the convolution; groups follow from I.", valueName: "OxIxHxW"))
    var weights: String?
    @Option(help: "Stride of the convolution.")
    var stride: Int?
    @Option(help: "Padding of the convolution on all sides. (default: half the window)")
    var padding: Int?
    @Option(help: ArgumentHelp("A product: rows, depth, columns of the constant matrix.", valueName: "MxKxN"))
    var matmul: String?
    @Flag(help: "Take 8-bit integers instead of float32.")
    var int8 = false
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (convolution == nil) == (weights == nil), convolution != nil || stride == nil && padding == nil else {
            throw ValidationError("--convolution and --weights go together; --stride and --padding need them")
        }
        guard convolution == nil || matmul == nil, !int8 || convolution != nil || matmul != nil else {
            throw ValidationError("--int8 needs one of --convolution and --matmul")
        }
    }

    private struct Row: Encodable {
        let family: String
        let kernel: String
        let picked: Bool
        let runs: Bool
    }

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    private struct Pick: Encodable {
        let kernel: String
        let family: String
        let tile: String
        let tier: String
        /// Multiplications and additions as the operator defines them.
        let operations: Int
        let microseconds: Double
        let gops: Double
        /// Of one core's measured ceiling; nil where none is known.
        let ceiling_share: Double?
        let ceiling_gops: Double?
    }

    func run() throws {
        let tier = try CPUTier.current
        if let chosen = try chosenCase(tier) { return try show(chosen, tier) }
        let rows = KernelCatalog.families.flatMap { family in
            family.rows.map { row in
                Row(
                    family: family.name, kernel: row.name, picked: family.picked(for: tier) == row,
                    runs: row.instructions.isSubset(of: tier.instructions))
            }
        }
        if json { return try Console.print(json: rows) }
        Console.note("tier: \(tier.name) (this machine has: \(CPUTier.available.map(\.name).joined(separator: ", ")))")
        var table = TextTable([("family", .left), ("kernel", .left), ("", .left)])
        for row in rows {
            table.add([row.family, row.kernel, row.picked ? "picked" : row.runs ? "" : "not on this tier"])
        }
        Console.print(table.lines)
    }

    /// What the options ask to measure; nil for the list of all kernels.
    private func chosenCase(_ tier: CPUTier) throws -> KernelBenchmarks.Case? {
        if let convolution, let weights {
            return try KernelBenchmarks.convolution(
                image: lengths(convolution, "--convolution", count: 4),
                weights: lengths(weights, "--weights", count: 4),
                stride: stride ?? 1, padding: padding, isInteger: int8, tier: tier)
        }
        guard let matmul else { return nil }
        let sizes = try lengths(matmul, "--matmul", count: 3)
        return try KernelBenchmarks.product(
            rows: sizes[0], depth: sizes[1], columns: sizes[2], isInteger: int8, tier: tier)
    }

    private func lengths(_ text: String, _ option: String, count: Int) throws -> [Int] {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        let lengths = parts.compactMap { Int($0) }
        guard lengths.count == count, parts.count == count, lengths.allSatisfy({ $0 > 0 }) else {
            throw QTuneError(
                .invalidArgument, "\(option) '\(text)' is not \(count) lengths above 0 with an x between them")
        }
        return lengths
    }

    private func show(_ chosen: KernelBenchmarks.Case, _ tier: CPUTier) throws {
        let rate = try chosen.measure(seconds: 0.2)
        let ceiling = ProcessorCeiling.measure(chosen.ceiling, tier: tier)
        let pick = Pick(
            kernel: chosen.kernel, family: chosen.family, tile: KernelCatalog.row(named: chosen.kernel)?.tile ?? "",
            tier: tier.name, operations: chosen.operations, microseconds: Double(chosen.operations) / rate * 1e6,
            gops: rate / 1e9, ceiling_share: ceiling.map { rate / $0.operationsPerSecond },
            ceiling_gops: ceiling.map { $0.operationsPerSecond / 1e9 })
        if json { return try Console.print(json: pick) }
        var lines = [
            "kernel   \(pick.kernel), of \(pick.family)",
            "tile     \(pick.tile)",
            "work     \(Format.fixed(Double(pick.operations) / 1e6, 2)) million operations",
            "time     \(Format.fixed(pick.microseconds, 1)) microseconds on one core",
            "speed    \(Format.fixed(pick.gops, 1)) Gop/s",
        ]
        if let share = pick.ceiling_share, let limit = pick.ceiling_gops {
            lines.append("ceiling  \(Format.fixed(100 * share, 1)) % of \(Format.fixed(limit, 0)) Gop/s")
        }
        Console.print(lines)
    }
}
