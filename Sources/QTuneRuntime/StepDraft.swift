internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor
internal import Synchronization

/// A step of a program while the program is made.
struct StepDraft: Sendable {
    let label: String
    let operatorType: String
    var `operator`: any Operator
    let operands: [Program.Operand]
    let results: [Int?]
    let bodies: [Program.Body]

    var step: Program.Step {
        Program.Step(
            label: label, operatorType: operatorType, operator: `operator`, operands: operands, results: results,
            bodies: bodies)
    }

    /// Lets operators pack their constant operands, as many at a time as `pool` has threads.
    static func prepack(_ drafts: inout [StepDraft], pool: ThreadPool?) throws {
        let given = drafts
        let packed = Mutex<[Int: Result<any Operator, any Error>]>([:])
        let pack = { (index: Int) in
            let result = Result { try given[index].prepacked() }
            if case .success(nil) = result { return }
            packed.withLock { $0[index] = result.map { $0 ?? given[index].operator } }
        }
        if let pool {
            pool.run(parts: given.count, pack)
        } else {
            for index in given.indices { pack(index) }
        }
        for (index, result) in packed.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            drafts[index].operator = try result.get()
        }
    }

    /// The operator with its constant operands packed; nil where there is nothing to pack.
    private func prepacked() throws -> (any Operator)? {
        var constants: [Int: Tensor] = [:]
        for (index, operand) in operands.enumerated() {
            if case .constant(.tensor(let tensor)) = operand { constants[index] = tensor }
        }
        guard !constants.isEmpty else { return nil }
        let packed = try locating("node '\(label)' (\(operatorType))") { try `operator`.prepacked(constants) }
        if packed != nil { for tensor in constants.values { tensor.storage?.discardResidentPages() } }
        return packed
    }
}

extension Program.Step {
    /// The slots that the node reads, its sub-graphs included.
    var usedSlots: [Int] {
        (operands + bodies.flatMap(\.captures)).compactMap { if case .slot(let slot) = $0 { slot } else { nil } }
    }
}
