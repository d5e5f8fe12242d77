import QTuneGraph
import QTuneTensor

/// The axis of Softmax and its kin: until version 12 all axes from it on make one run, since 13 it alone does.
struct SoftmaxAxis: Sendable {
    private let axis: Int
    private let flattens: Bool

    init(_ node: NodeReader) throws {
        flattens = node.opset < 13
        axis = try node.int("axis") ?? (flattens ? 1 : -1)
    }

    func runs(of shape: Shape) throws -> AxisRuns {
        if shape.rank == 0, axis == 0 || axis == -1 { return AxisRuns(shape, axes: 0..<0) }
        guard flattens else { return try AxisRuns(shape, axis: axis) }
        let first = axis < 0 ? axis + shape.rank : axis
        guard (0...shape.rank).contains(first) else { throw QTuneError(.invalidInput, "axis \(axis) of \(shape)") }
        return AxisRuns(shape, axes: first..<shape.rank)
    }
}
