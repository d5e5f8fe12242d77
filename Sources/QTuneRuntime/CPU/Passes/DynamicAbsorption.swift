internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Turns what dynamic quantization writes for a convolution or a matrix product into one integer node: ConvInteger or
/// MatMulInteger of integers whose scale and zero point are found while the network runs, Cast to float32, Mul by the
/// product of the scales, and the constant bias and the clamp that may follow. The results are the same bits.
struct DynamicAbsorption: Pass {
    let name = "absorb-dynamic-quantization"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], ["ConvInteger", "MatMulInteger"].contains(node.qualifiedType) else {
                continue
            }
            switch DynamicProduct.lowered(node, rewriting) {
            case .success(let (last, made)):
                rewriting.editor.replace(last, with: made)
                rewriting.matched(node)
            case .failure(let refusal): rewriting.refuse(node, refusal.reason)
            }
        }
    }
}

/// A product of integers in front of the nodes that make it real.
private struct DynamicProduct {
    let node: Node
    let weights: Tensor
    let channels: ResultChannels

    /// The integer node, and the node in whose place it stands.
    static func lowered(
        _ node: Node, _ rewriting: Rewriting
    ) -> Result<(last: GraphEditor.NodeID, made: Node), IntegerRefusal> {
        do throws(IntegerRefusal) {
            return .success(try DynamicProduct(node, rewriting).lowered(rewriting))
        } catch {
            return .failure(error)
        }
    }

    private init(_ node: Node, _ rewriting: Rewriting) throws(IntegerRefusal) {
        let isConvolution = node.opType == "ConvInteger"
        guard let weights = rewriting.constant(node, 1), weights.dtype == .int8 || weights.dtype == .uint8,
            weights.shape.rank == (isConvolution ? 4 : 2), weights.count > 0
        else { throw IntegerRefusal("its weights are not a constant of 8 bits with the axes that kernels take") }
        guard let rank = rewriting.value(node.inputs[0]).rank, rank >= 2, !isConvolution || rank == 4 else {
            throw IntegerRefusal("its first operand is not known to have the axes that kernels take")
        }
        guard !isConvolution || weights.shape[0].isMultiple(of: max(1, Int(node.int("group") ?? 1))) else {
            throw IntegerRefusal("its weights do not fit its groups")
        }
        (self.node, self.weights) = (node, weights)
        channels = ResultChannels(
            axis: isConvolution ? 1 : rank - 1, rank: rank, count: weights.shape[isConvolution ? 0 : 1])
    }

    private func lowered(
        _ rewriting: Rewriting
    ) throws(IntegerRefusal) -> (last: GraphEditor.NodeID, made: Node) {
        guard let (_, cast) = rewriting.user(of: node, "Cast"), cast.int("to") == Int64(DType.float32.rawValue),
            let (product, scaled) = rewriting.user(of: cast, "Mul")
        else { throw IntegerRefusal("its sums are not cast to float32 and scaled, or are used elsewhere too") }
        let (scale, scales) = try factors(of: scaled, besides: cast.outputs[0], rewriting)
        let zeroPoint = node.inputs.count > 2 ? node.inputs[2] : ""
        guard zeroPoint.isEmpty || rewriting.isSingle(zeroPoint) else {
            throw IntegerRefusal("its first operand has several zero points")
        }
        let isConvolution = node.opType == "ConvInteger"
        var made = Node(
            isConvolution ? IntegerConv2D.name : IntegerLinear.name, domain: "qtune", name: node.name,
            inputs: [node.inputs[0], node.inputs[1], "", zeroPoint, scale], outputs: scaled.outputs,
            attributes: isConvolution ? node.attributes : [:])
        guard let type = rewriting.value(node.inputs[0]).dtype, type == .uint8 || type == .int8 else {
            throw IntegerRefusal("its first operand is not known to be of 8 bits")
        }
        QuantizationAttributes.write(
            QuantizationParameters(dtype: type, scales: [1], zeroPoints: [0]), "x", to: &made)
        WeightQuantization(scales: scales, zeroPoints: try weightZeroPoints(rewriting)).write(to: &made)
        let last = rewriting.addBias(to: &made, at: product, channels)
        return (rewriting.addClamps(to: &made, at: last), made)
    }

    /// What `scaled` multiplies the sums by: the scale found while the network runs, and the scales of the weights.
    private func factors(
        of scaled: Node, besides sums: String, _ rewriting: Rewriting
    ) throws(IntegerRefusal) -> (scale: String, scales: [Float]) {
        let refusal = IntegerRefusal("its sums are not scaled by one number of the run times one number a channel")
        guard scaled.inputs.count == 2, let factor = scaled.inputs.first(where: { $0 != sums }) else { throw refusal }
        if rewriting.isSingle(factor), rewriting.value(factor).dtype == .float32 {
            guard let id = rewriting.editor.producer(of: factor), rewriting.editor[id]?.qualifiedType == "Mul" else {
                return (factor, [1])
            }
        }
        guard let id = rewriting.editor.producer(of: factor), let product = rewriting.editor[id],
            product.qualifiedType == "Mul", product.inputs.count == 2
        else { throw refusal }
        for (run, constant) in [(0, 1), (1, 0)] {
            guard let tensor = rewriting.constant(product, constant), let scales = channels.numbers(tensor),
                rewriting.isSingle(product.inputs[run]), rewriting.value(product.inputs[run]).dtype == .float32
            else { continue }
            return (product.inputs[run], scales)
        }
        throw refusal
    }

    private func weightZeroPoints(_ rewriting: Rewriting) throws(IntegerRefusal) -> [Int32] {
        guard node.inputs.count > 3, !node.inputs[3].isEmpty else { return [0] }
        guard let points = rewriting.constant(node, 3)?.integers, points.count == 1 || points.count == channels.count
        else {
            throw IntegerRefusal("the zero points of its weights are not one constant, or one a channel")
        }
        return points.map { Int32(clamping: $0) }
    }
}

extension Rewriting {
    /// Whether `value` is known to hold one element.
    fileprivate func isSingle(_ value: String) -> Bool {
        self.value(value).dimensions?.allSatisfy { $0 == .fixed(1) } ?? false
    }
}
