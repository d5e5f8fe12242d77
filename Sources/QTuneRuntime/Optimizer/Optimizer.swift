package import QTuneGraph
package import QTuneOperators
internal import QTuneTensor

/// Rewrites models by an ordered list of passes.
package struct Optimizer: Sendable {
    package let passes: [any Pass]
    private let registry: OperatorRegistry

    /// What is done for every device, in this order.
    package static let standardPasses: [any Pass] = [
        ConstantFolding(
            purpose: "compute what does not depend on inputs first: later passes look for constants",
            keeping: ["DequantizeLinear"]),
        NoOpRemoval(purpose: "take away what does nothing, so that patterns meet their neighbours"),
        ReshapeSimplification(purpose: "turn computed shapes into constants where at most one length is open"),
        PadFolding(purpose: "let convolutions pad while they read; after the amounts became constant"),
        BatchNormalizationFolding(purpose: "make batch normalization part of weights, or a product and a sum"),
        AffineFolding(purpose: "make products and sums per channel part of weights, those of the pass before too"),
        ConstantFolding(purpose: "compute what the passes before left constant", keeping: ["DequantizeLinear"]),
    ]

    package init(passes: [any Pass] = Self.standardPasses, registry: OperatorRegistry = .standard) {
        self.passes = passes
        self.registry = registry
    }

    /// The model rewritten by every pass in turn, and what each of them did.
    /// Throws where a node lacks what its operator demands: passes rely on it.
    package func run(_ model: Model) throws -> (Model, [PassReport]) {
        try registry.check(model.graph, opsets: model.opsets)
        var model = model
        var reports: [PassReport] = []
        var types = TypeTable(opsets: model.opsets, registry: registry)
        var editor = GraphEditor(model.graph)
        types.update(model.graph)
        for pass in passes {
            var rewriting = Rewriting(
                editor, opsets: model.opsets, registry: registry, types: types.values,
                report: PassReport(name: pass.name, purpose: pass.purpose))
            try locating("pass \(pass.name)") {
                try pass.run(&rewriting)
                editor = rewriting.editor
                guard editor.isChanged else { return }
                model.graph = try editor.finish()
                editor = GraphEditor(model.graph)
                types.update(model.graph)
            }
            reports.append(rewriting.report)
        }
        return (model, reports)
    }
}
