internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Gives matrix products with constant float32 right-hand sides to kernels that pack them once, with the bias that
/// follows.
struct MatrixLowering: Pass {
    let name = "lower-matrix-products"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], ["Gemm", "MatMul"].contains(node.qualifiedType) else { continue }
            guard let matrix = rewriting.constant(node, 1) else {
                rewriting.refuse(node, "its second operand is not constant")
                continue
            }
            guard matrix.dtype == .float32, matrix.shape.rank == 2 else {
                rewriting.refuse(node, "its constant is \(matrix.dtype)\(matrix.shape), not a float32 matrix")
                continue
            }
            switch node.opType == "Gemm" ? lowered(gemm: node, matrix, rewriting) : .success(lowered(matMul: node)) {
            case .failure(let refusal): rewriting.refuse(node, refusal.reason)
            case .success(let lowered):
                rewriting.editor.replace(id, with: lowered)
                rewriting.matched(node)
            }
        }
        for id in rewriting.editor.nodeIDs { fuseBias(id, &rewriting) }
    }

    private func lowered(matMul node: Node) -> Node {
        Node(Linear.name, domain: Linear.domain, name: node.name, inputs: node.inputs, outputs: node.outputs)
    }

    private func lowered(
        gemm node: Node, _ matrix: Tensor, _ rewriting: Rewriting
    ) -> Result<Node, WeightedNode.Refusal> {
        guard node.float("alpha") ?? 1 == 1, node.float("beta") ?? 1 == 1, node.int("transA") ?? 0 == 0 else {
            return .failure(.init(reason: "alpha or beta is not 1, or its first operand is transposed"))
        }
        let isTransposed = node.int("transB") ?? 0 != 0
        if node.inputs.count > 2, !node.inputs[2].isEmpty {
            guard let bias = rewriting.constant(node, 2), bias.isRow(of: matrix.shape[isTransposed ? 0 : 1]) else {
                return .failure(.init(reason: "its addend is not one constant number a column"))
            }
        }
        return .success(
            Node(
                Linear.name, domain: Linear.domain, name: node.name, inputs: node.inputs, outputs: node.outputs,
                attributes: ["transB": .int(isTransposed ? 1 : 0)]))
    }

    /// Makes an Add of one constant number a column part of the product before it.
    private func fuseBias(_ id: GraphEditor.NodeID, _ rewriting: inout Rewriting) {
        guard let node = rewriting.editor[id], node.qualifiedType == "Add", node.inputs.count == 2 else { return }
        for (operand, constant) in [(0, 1), (1, 0)] {
            guard let bias = rewriting.constant(node, constant),
                let (producer, product) = rewriting.soleProducer(of: node.inputs[operand]),
                product.qualifiedType == "qtune.Linear", product.inputs.count == 2,
                let matrix = rewriting.constant(product, 1)
            else { continue }
            let columns = matrix.shape[product.int("transB") ?? 0 != 0 ? 0 : 1]
            guard bias.isRow(of: columns), let rank = rewriting.value(product.inputs[0]).rank, bias.shape.rank <= rank
            else { return rewriting.refuse(node, "its constant is not one number a column") }
            var fused = product
            fused.inputs.append(node.inputs[constant])
            rewriting.editor.replace(producer, with: fused)
            if rewriting.bypass(id, with: node.inputs[operand]) { rewriting.matched(node) }
            return
        }
    }
}

extension Tensor {
    /// Whether these are float32 numbers, one for each of so many columns, in a single row.
    fileprivate func isRow(of columns: Int) -> Bool {
        dtype == .float32 && count == columns && shape.dimensions.last == columns
    }
}
