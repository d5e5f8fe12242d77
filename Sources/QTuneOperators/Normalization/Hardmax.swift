import QTuneGraph
import QTuneTensor

/// 1 for the first largest element along an axis, 0 for the others.
struct Hardmax: RunOperator {
    static let name = "Hardmax"
    static let versions = [1, 11, 13]

    private let axis: SoftmaxAxis

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        axis = try SoftmaxAxis(node)
    }

    func runs(of shape: Shape) throws -> AxisRuns { try axis.runs(of: shape) }

    func transform<Element: SteppedFloat>(_ run: inout [Element], rounding: FloatRounding) {
        let largest = run.max()
        let winner = run.firstIndex { $0 == largest }
        for index in run.indices { run[index] = index == winner ? 1 : 0 }
    }
}
