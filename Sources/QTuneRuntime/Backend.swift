package import QTuneOperators

/// A device that networks run on: what it makes of a graph, and with which operators.
package protocol Backend: Sendable {
    /// How people call the device.
    var name: String { get }
    /// Operators of its own, which its passes put into the graph.
    var operators: [any Operator.Type] { get }
    /// Passes that follow the portable ones, in order.
    var passes: [any Pass] { get }
}
