import QTuneGraph
import QTuneTensor

/// Numbers from a start up or down to a limit, which is left out, in steps.
struct RangeOperator: Operator {
    static let name = "Range"
    static let versions = [11]

    init(_ node: NodeReader) throws { try node.expect(inputs: 3...3) }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        let dtype = context[0].dtype ?? context[1].dtype ?? context[2].dtype
        if dtype?.isInteger == true, context[0].elements == [.fixed(0)], context[2].elements == [.fixed(1)],
            let limit = context[1].elements, limit.count == 1, limit[0].value == nil,
            DimensionArithmetic.isNonnegative(limit[0])
        {
            return [.tensor(dtype, limit)]
        }
        let numbers = (0..<3).compactMap { context[$0].constant }
        guard numbers.count == 3, let count = try? Self.count(numbers) else { return [.tensor(dtype, [.unknown])] }
        return [.tensor(dtype, [.fixed(count)])]
    }

    /// How many numbers there are.
    private static func count(_ operands: [Tensor]) throws -> Int {
        for operand in operands where operand.count != 1 || operand.dtype != operands[0].dtype {
            throw QTuneError(.invalidInput, "start, limit and step must be one number each, of one type")
        }
        if try Lane.of(operands[0]) == .real {
            let values = operands.map { $0.widened(to: .real).array(of: Double.self)[0] }
            let count = ((values[1] - values[0]) / values[2]).rounded(.up)
            guard count < Double(largestCount) else { throw unending(values) }
            return count > 0 ? Int(count) : 0
        }
        let values = operands.map { $0.widened(to: .signed).array(of: Int64.self)[0] }
        let (distance, overflow) = values[1].subtractingReportingOverflow(values[0])
        guard values[2] != 0, values[2] != .min, !overflow else { throw unending(values) }
        guard distance != 0, (distance > 0) == (values[2] > 0) else { return 0 }
        let count = (distance.magnitude - 1) / values[2].magnitude + 1
        guard count < UInt64(largestCount) else { throw unending(values) }
        return Int(count)
    }

    private static let largestCount = 1 << 36

    private static func unending<Number>(_ values: [Number]) -> QTuneError {
        QTuneError(.invalidInput, "numbers from \(values[0]) to \(values[1]) in steps of \(values[2]) do not end")
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let operands = try (0..<3).map { try context.tensor($0) }
        let count = try Self.count(operands)
        let output = try context.makeOutput(0, operands[0].dtype, [count])
        if try Lane.of(operands[0]) == .real {
            let values = operands.map { $0.widened(to: .real).array(of: Double.self)[0] }
            output.fill(from: .real) { target in
                target.withMutableSpan(of: Double.self) { target in
                    for index in 0..<count { target[index] = values[0] + Double(index) * values[2] }
                }
            }
        } else {
            let values = operands.map { $0.widened(to: .signed).array(of: Int64.self)[0] }
            output.fill(from: .signed) { target in
                target.withMutableSpan(of: Int64.self) { target in
                    for index in 0..<count { target[index] = values[0] &+ Int64(index) &* values[2] }
                }
            }
        }
        return [.tensor(output)]
    }
}
