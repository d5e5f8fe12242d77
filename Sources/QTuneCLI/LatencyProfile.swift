internal import QTune

/// Where a network's time goes: by operator type and by node, with what the processor could do at most beside it. A
/// node's time is the median over the runs, an operator type's the sum of its nodes'.
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
        /// Of the measured ceilings, of arithmetic or of memory; lower where time is lost.
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
        /// Thousand millions of multiplications and additions in a second; nil where memory sets the pace.
        let gops: Double?
        let ceiling_share: Double?
    }

    struct CeilingLine: Encodable {
        let numbers: String
        let loop: String
        /// Of all threads together: thousand millions of multiplications and additions, or of bytes, in a second.
        let gops: Double
    }

    let ceilings: [CeilingLine]
    /// Those that take longest first.
    let operators: [OperatorLine]
    /// Those that take longest first.
    let nodes: [NodeLine]

    /// Measures the ceilings of this process's tier, now.
    /// - Parameter threads: threads that worked on the network.
    init(_ entries: [Profiler.Entry], threads: Int) throws {
        let tier = try CPUTier.current
        let measured = ProcessorCeiling.Kind.allCases.compactMap { ProcessorCeiling.measure($0, tier: tier) }
        let limits = Dictionary(
            measured.map { ($0.kind, $0.operationsPerSecond * Double(threads)) },
            uniquingKeysWith: { first, _ in first })
        ceilings = measured.map {
            CeilingLine(
                numbers: $0.kind == .float ? "float32" : $0.kind == .integer ? "integer" : "bytes", loop: $0.name,
                gops: (limits[$0.kind] ?? 0) / 1e9)
        }
        let total = entries.reduce(0.0) { $0 + $1.seconds }
        nodes = entries.map { NodeLine($0, total: total, limits: limits) }.sorted { $0.ms > $1.ms }
        operators = Dictionary(grouping: entries, by: \.operatorType)
            .map { OperatorLine($0, $1, total: total, limits: limits) }.sorted { $0.ms > $1.ms }
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
        let ceilings = ceilings.map { line in
            let unit = line.numbers == "bytes" ? "GB/s read and written" : "Gop/s \(line.numbers)"
            return "ceiling       \(Format.fixed(line.gops, 0)) \(unit), by \(line.loop)"
        }
        return ceilings + [""] + types.lines + [""] + table.lines
    }
}

extension LatencyProfile.NodeLine {
    fileprivate init(
        _ entry: Profiler.Entry, total: Double, limits: [ProcessorCeiling.Kind: Double]
    ) {
        let seconds = entry.seconds
        node = entry.node
        `operator` = entry.operatorType
        ms = seconds * 1e3
        share = total > 0 ? seconds / total : 0
        kernel = entry.work.kernel
        let rate = seconds > 0 ? entry.operations / seconds : 0
        gops = entry.work.ceiling == .memory ? nil : rate / 1e9
        ceiling_share = limits[entry.work.ceiling].map { rate / $0 }
    }
}

extension LatencyProfile.OperatorLine {
    fileprivate init(
        _ type: String, _ entries: [Profiler.Entry], total: Double, limits: [ProcessorCeiling.Kind: Double]
    ) {
        let seconds = entries.reduce(0.0) { $0 + $1.seconds }
        `operator` = type
        nodes = entries.count
        ms = seconds * 1e3
        share = total > 0 ? seconds / total : 0
        // The least time that the work can take, of the time that it took.
        let held = entries.compactMap { entry -> (least: Double, taken: Double)? in
            guard let limit = limits[entry.work.ceiling], limit > 0 else { return nil }
            return (entry.operations / limit, entry.seconds)
        }
        let taken = held.reduce(0) { $0 + $1.taken }
        ceiling_share = taken > 0 ? held.reduce(0) { $0 + $1.least } / taken : nil
    }
}

extension Profiler.Entry {
    /// Of one run of the network.
    fileprivate var seconds: Double { typical.inSeconds }

    /// Operations, or bytes, of one run.
    fileprivate var operations: Double { Double(work.operations) * Double(calls) / Double(max(1, runs)) }
}
