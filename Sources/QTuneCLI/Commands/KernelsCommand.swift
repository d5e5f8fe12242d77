internal import ArgumentParser
internal import QTune

struct KernelsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kernels", abstract: "List the kernels, and which of them serve this machine.",
        discussion: "QTUNE_CPU=TIER forces a lower tier.")

    @Flag(help: "Print JSON.")
    var json = false

    private struct Row: Encodable {
        let family: String
        let kernel: String
        let picked: Bool
        let runs: Bool
    }

    func run() throws {
        let tier = try CPUTier.current
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
}
