internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Lets kernels apply the activation that follows them.
struct ActivationFusion: Pass {
    let name = "fuse-activation"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], let input = node.inputs.first,
                let activation = ActivationAttributes.activation(of: node, rewriting)
            else { continue }
            guard let (producer, made) = rewriting.soleProducer(of: input),
                ["qtune.Conv2D", "qtune.ConvTranspose2D", "qtune.Linear", "qtune.ScaleShift"].contains(
                    made.qualifiedType),
                made.attributes["activation"] == nil
            else {
                if let id = rewriting.editor.producer(of: input), rewriting.editor[id]?.domain == "qtune" {
                    rewriting.refuse(node, "its operand is used elsewhere, given out or already activated")
                }
                continue
            }
            var fused = made
            ActivationAttributes.write(activation, to: &fused)
            rewriting.editor.replace(producer, with: fused)
            if rewriting.bypass(id, with: input) { rewriting.matched(node) }
        }
    }
}
