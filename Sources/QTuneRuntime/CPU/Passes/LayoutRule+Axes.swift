internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Nodes that name axes, or give one number for each, in attributes or constant operands.
extension LayoutRule {
    private static func channelsLast(_ axes: [Int]) -> [Int]? {
        let moved = axes.compactMap { channelsLast($0) }
        return moved.count == axes.count ? moved : nil
    }

    /// Puts constant integers in the place of operand `index`.
    private static func setOperand(
        _ index: Int, of node: inout Node, to values: [Int], like old: Tensor?, _ rewriting: inout Rewriting
    ) {
        let tensor =
            old?.dtype == .int32 ? Tensor(values.map { Int32(clamping: $0) }) : Tensor(values.map(Int64.init))
        while node.inputs.count <= index { node.inputs.append("") }
        node.inputs[index] = rewriting.editor.addInitializer(tensor, named: "\(node.label)_nhwc_operand")
    }

    static let slice: Rule = { node, rewriting in
        var lowered = node
        if let starts = node.ints("starts") {
            guard let moved = channelsLast(node.ints("axes") ?? Array(starts.indices)) else { return nil }
            lowered.attributes["axes"] = .ints(moved.map(Int64.init))
            return LoweredNode(node: lowered, images: [0])
        }
        guard node.inputs.count >= 3, let count = rewriting.value(node.inputs[1]).dimensions?.first?.value else {
            return nil
        }
        let given = rewriting.constant(node, 3)
        guard given != nil || node.inputs.count < 4 || node.inputs[3].isEmpty else { return nil }
        guard let moved = channelsLast(given?.integers ?? Array(0..<count)) else { return nil }
        setOperand(3, of: &lowered, to: moved, like: given ?? rewriting.constant(node, 1), &rewriting)
        return LoweredNode(node: lowered, images: [0])
    }

    static let pad: Rule = { node, rewriting in
        func reordered(_ pads: [Int]) -> [Int]? {
            guard pads.count == 8, let before = ImageLayout.channelsLast.applied(to: Array(pads[..<4])),
                let after = ImageLayout.channelsLast.applied(to: Array(pads[4...]))
            else { return nil }
            return before + after
        }
        var lowered = node
        if let pads = node.ints("pads") {
            guard let moved = reordered(pads) else { return nil }
            lowered.attributes["pads"] = .ints(moved.map(Int64.init))
            return LoweredNode(node: lowered, images: [0])
        }
        guard node.inputs.count < 4 || node.inputs[3].isEmpty, let pads = rewriting.constant(node, 1),
            let moved = pads.integers.flatMap(reordered)
        else { return nil }
        setOperand(1, of: &lowered, to: moved, like: pads, &rewriting)
        return LoweredNode(node: lowered, images: [0])
    }

    static let reduction: Rule = { node, rewriting in
        var lowered = node
        let keepsAxes = node.int("keepdims") ?? 1 != 0
        let operand = rewriting.constant(node, 1)
        guard node.inputs.count < 2 || node.inputs[1].isEmpty || operand != nil,
            let axes = node.ints("axes") ?? operand?.integers, let moved = channelsLast(axes)
        else { return nil }
        // Without kept axes, what is left of NHWC has the order of NCHW only where both spatial axes go.
        guard keepsAxes || moved.sorted() == [1, 2] else { return nil }
        if operand != nil {
            setOperand(1, of: &lowered, to: moved, like: operand, &rewriting)
        } else {
            lowered.attributes["axes"] = .ints(moved.map(Int64.init))
        }
        return LoweredNode(node: lowered, images: [0], givesImages: keepsAxes)
    }

    static let resize: Rule = { node, rewriting in
        guard node.ints("axes") == nil, node.inputs.count >= 3 else { return nil }
        guard node.string("coordinate_transformation_mode") != "tf_crop_and_resize" else { return nil }
        var lowered = node
        lowered.inputs[1] = ""
        let sizes = node.inputs.count > 3 ? rewriting.constant(node, 3) : nil
        let scales = rewriting.constant(node, 2)
        if let values = sizes?.integers, let moved = ImageLayout.channelsLast.applied(to: values) {
            setOperand(3, of: &lowered, to: moved, like: sizes, &rewriting)
        } else if let scales, scales.dtype == .float32,
            let moved = ImageLayout.channelsLast.applied(to: scales.array(of: Float.self))
        {
            lowered.inputs[2] = rewriting.editor.addInitializer(Tensor(moved), named: "\(node.label)_scales_nhwc")
        } else {
            return nil
        }
        return LoweredNode(node: lowered, images: [0])
    }

    static let upsample: Rule = { node, rewriting in
        var lowered = node
        if case .floats(let scales)? = node.attributes["scales"] {
            guard let moved = ImageLayout.channelsLast.applied(to: scales) else { return nil }
            lowered.attributes["scales"] = .floats(moved)
            return LoweredNode(node: lowered, images: [0])
        }
        guard let scales = rewriting.constant(node, 1), scales.dtype == .float32,
            let moved = ImageLayout.channelsLast.applied(to: scales.array(of: Float.self))
        else { return nil }
        lowered.inputs[1] = rewriting.editor.addInitializer(Tensor(moved), named: "\(node.label)_scales_nhwc")
        return LoweredNode(node: lowered, images: [0])
    }

    /// As the reduction that it is, whose axes may be any.
    static let globalMaximum: Rule = { node, rewriting in
        guard rewriting.value(node.inputs[0]).rank == 4 else { return nil }
        var lowered = node
        lowered.opType = "ReduceMax"
        if rewriting.opsets["", default: 1] < 18 {
            lowered.attributes = ["axes": .ints([1, 2])]
        } else {
            setOperand(1, of: &lowered, to: [1, 2], like: nil, &rewriting)
        }
        return LoweredNode(node: lowered, images: [0])
    }
}
