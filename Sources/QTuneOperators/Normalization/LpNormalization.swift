import QTuneGraph
import QTuneTensor

/// Divides by the 1-norm or 2-norm along an axis; runs of zeros stay zero.
struct LpNormalization: RunOperator {
    static let name = "LpNormalization"
    static let versions = [1, 22]

    private let axis: Int
    private let exponent: Int

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try node.int("axis") ?? -1
        exponent = try node.int("p") ?? 2
        guard exponent == 1 || exponent == 2 else {
            throw QTuneError(.invalidModel, "attribute 'p' is \(exponent), neither 1 nor 2")
        }
    }

    func runs(of shape: Shape) throws -> AxisRuns { try AxisRuns(shape, axis: axis) }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        let norm =
            exponent == 1
            ? run.reduce(0) { $0 + $1.magnitude } : run.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm != 0 else { return }
        for index in run.indices { run[index] /= norm }
    }
}
