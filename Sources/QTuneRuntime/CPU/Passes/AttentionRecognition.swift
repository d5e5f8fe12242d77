internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Makes one operator of attention: queries times keys, a scale, a mask, softmax, the product with the values, and the
/// transpositions around them, which need not be carried out.
struct AttentionRecognition: Pass {
    let name = "recognise-attention"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let softmax = rewriting.editor[id], softmax.qualifiedType == "Softmax" else { continue }
            do {
                guard let chain = try AttentionChain(softmax: id, softmax, rewriting) else { continue }
                chain.replace(&rewriting)
                rewriting.matched(softmax)
            } catch let refusal as AttentionChain.Refusal {
                rewriting.refuse(softmax, refusal.reason)
            }
        }
    }
}
