internal import QTune

/// Where a network's time goes: by operator type and by node, with what the processor could do at most beside it.
struct LatencyProfile: Encodable {
    /// All nodes of one operator type.
    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct OperatorLine: Encodable {
        let `operator`: String
        let nodes: Int
        let ms: Double
        /// Of the time of all nodes.
        let share: Double
        /// Of the measured ceiling, over the nodes that one applies to; lower where time is lost.
        let ceiling_share: Double?
    }

    // The names are those of the JSON.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    struct NodeLine: Encodable {
        let node: String
        let `operator`: String
        let ms: Double
        let share: Double
        /// The kernel that serves the node, as `qtune kernels` lists it.
        let kernel: String?
        /// Thousand millions of multiplications and additions in a second.
        let gops: Double?
        let ceiling_share: Double?
    }

    struct CeilingLine: Encodable {
        let numbers: String
        let loop: String
        /// Of all threads together.
        let gops: Double
    }

    let ceilings: [CeilingLine]
    /// Those that take longest first.
    let operators: [OperatorLine]
    /// Those that take longest first.
    let nodes: [NodeLine]

    /// Measures the ceilings of this process's tier, now.
    /// - Parameters:
    ///   - runs: how often the network ran.
    ///   - threads: threads that worked on it.
    init(_ entries: [Profiler.Entry], runs: Int, threads: Int) throws {
        let tier = try CPUTier.current
        let measured = ArithmeticCeiling.Kind.allCases.compactMap { ArithmeticCeiling.measure($0, tier: tier) }
        let limits = Dictionary(
            measured.map { ($0.kind, $0.operationsPerSecond * Double(threads)) },
            uniquingKeysWith: { first, _ in first })
        ceilings = measured.map {
            CeilingLine(
                numbers: $0.kind == .float ? "float32" : "integer", loop: $0.name,
                gops: (limits[$0.kind] ?? 0) / 1e9)
        }
        let total = entries.reduce(0.0) { $0 + $1.total.inSeconds }
        nodes = entries.map { NodeLine($0, runs: runs, total: total, limits: limits) }.sorted { $0.ms > $1.ms }
        operators = Dictionary(grouping: entries, by: \.operatorType)
            .map { OperatorLine($0, $1, runs: runs, total: total, limits: limits) }.sorted { $0.ms > $1.ms }
    }

    /// Two tables and the ceilings, for people.
    var lines: [String] {
        func share(_ value: Double?) -> String { value.map { Format.fixed(100 * $0, 1) + " %" } ?? "" }
        var types = TextTable([
            ("ms", .right), ("share", .right), ("of ceiling", .right), ("nodes", .right), ("operator", .left),
        ])
        for line in operators {
            types.add([
                Format.fixed(line.ms, 4), share(line.share), share(line.ceiling_share), String(line.nodes),
                line.operator,
            ])
        }
        var table = TextTable([
            ("ms", .right), ("share", .right), ("of ceiling", .right), ("operator", .left), ("node", .left),
            ("kernel", .left),
        ])
        for line in nodes {
            table.add([
                Format.fixed(line.ms, 4), share(line.share), share(line.ceiling_share), line.operator, line.node,
                line.kernel ?? "",
            ])
        }
        let ceilings = ceilings.map { "ceiling       \(Format.fixed($0.gops, 0)) Gop/s \($0.numbers), by \($0.loop)" }
        return ceilings + [""] + types.lines + [""] + table.lines
    }
}

extension LatencyProfile.NodeLine {
    fileprivate init(
        _ entry: Profiler.Entry, runs: Int, total: Double, limits: [ArithmeticCeiling.Kind: Double]
    ) {
        let seconds = entry.total.inSeconds
        node = entry.node
        `operator` = entry.operatorType
        ms = seconds * 1e3 / Double(max(1, runs))
        share = total > 0 ? seconds / total : 0
        kernel = entry.work?.kernel
        let rate = entry.arithmetic.map { seconds > 0 ? $0.operations / seconds : 0 }
        gops = rate.map { $0 / 1e9 }
        ceiling_share = entry.arithmetic.flatMap { limits[$0.kind] }.flatMap { limit in rate.map { $0 / limit } }
    }
}

extension LatencyProfile.OperatorLine {
    fileprivate init(
        _ type: String, _ entries: [Profiler.Entry], runs: Int, total: Double, limits: [ArithmeticCeiling.Kind: Double]
    ) {
        let seconds = entries.reduce(0.0) { $0 + $1.total.inSeconds }
        `operator` = type
        nodes = entries.count
        ms = seconds * 1e3 / Double(max(1, runs))
        share = total > 0 ? seconds / total : 0
        // The least time that the work can take, of the time that it took.
        let held = entries.compactMap { entry -> (least: Double, taken: Double)? in
            guard let arithmetic = entry.arithmetic, let limit = limits[arithmetic.kind], limit > 0 else { return nil }
            return (arithmetic.operations / limit, entry.total.inSeconds)
        }
        let taken = held.reduce(0) { $0 + $1.taken }
        ceiling_share = taken > 0 ? held.reduce(0) { $0 + $1.least } / taken : nil
    }
}

extension Profiler.Entry {
    /// The arithmetic of all calls, where a ceiling applies.
    fileprivate var arithmetic: (operations: Double, kind: ArithmeticCeiling.Kind)? {
        guard let work, let kind = work.ceiling, work.operations > 0 else { return nil }
        return (Double(work.operations) * Double(calls), kind)
    }
}
