package import QTuneGraph
internal import QTuneTensor

/// The attributes that say how windows slide, shared by pools and convolutions: the one place that computes sizes.
package struct WindowAttributes: Sendable {
    package enum AutoPad: Sendable { case explicit, valid, sameUpper, sameLower }

    /// Taps along each axis; nil where the weights say it.
    package let kernel: [Int]?
    package let strides: [Int]?
    package let dilations: [Int]?
    /// All that come before the axes, then all that come after.
    package let pads: [Int]?
    package let autoPad: AutoPad
    /// Whether the number of positions is rounded up, so that the last may hang over the padded end.
    package let roundsUp: Bool

    /// - Parameter mayRoundUp: whether `ceil_mode` counts, as it does on pools and not on convolutions.
    package init(_ node: NodeReader, mayRoundUp: Bool = false) throws {
        func positive(_ name: String) throws -> [Int]? {
            let values = try node.ints(name)
            guard values?.allSatisfy({ (1...Self.largest).contains($0) }) ?? true else {
                throw QTuneError(.invalidModel, "attribute '\(name)' is not above 0 everywhere: \(values ?? [])")
            }
            return values
        }
        kernel = try positive("kernel_shape")
        strides = try positive("strides")
        dilations = try positive("dilations")
        pads = try node.ints("pads")
        guard pads?.allSatisfy({ (0...Self.largest).contains($0) }) ?? true else {
            throw QTuneError(.invalidModel, "attribute 'pads' is negative or huge: \(pads ?? [])")
        }
        autoPad =
            switch try node.string("auto_pad") ?? "NOTSET" {
            case "NOTSET", "": .explicit
            case "VALID": .valid
            case "SAME_UPPER": .sameUpper
            case "SAME_LOWER": .sameLower
            case let other: throw QTuneError(.invalidModel, "attribute 'auto_pad' is '\(other)'")
            }
        roundsUp = try mayRoundUp && node.int("ceil_mode") ?? 0 != 0
        let ranks = Set(
            [kernel?.count, strides?.count, dilations?.count, pads.map { ($0.count + 1) / 2 }].compactMap { $0 })
        guard ranks.count <= 1, (pads?.count ?? 0).isMultiple(of: 2) else {
            throw QTuneError(.invalidModel, "kernel_shape, strides, dilations and pads disagree on the number of axes")
        }
    }

    /// Lengths beyond this are refused, so that products of two fit an Int.
    private static let largest = Int(Int32.max)

    /// The window with `kernel` taps over an input of those spatial lengths.
    package func window(kernel: [Int], input: [Int]) throws -> Window {
        try Window(checking: windowAxes(kernel: kernel, input: input))
    }

    private func windowAxes(kernel: [Int], input: [Int]) throws -> [WindowAxis] {
        guard (1...3).contains(kernel.count) else {
            throw QTuneError(.unsupported, "windows over \(kernel.count) axes; there are those over 1, 2 and 3")
        }
        guard kernel.count == input.count, kernel.allSatisfy({ (1...Self.largest).contains($0) }),
            self.kernel ?? kernel == kernel,
            [strides, dilations].allSatisfy({ $0?.count ?? kernel.count == kernel.count }),
            pads?.count ?? 2 * kernel.count == 2 * kernel.count
        else {
            throw QTuneError(
                .invalidInput, "a window of \(kernel) does not fit the attributes and spatial lengths \(input)")
        }
        // Two factors fit an Int; three may not.
        guard kernel.reduce(1, { min($0, Self.largest + 1) * $1 }) <= Self.largest else {
            throw QTuneError(.unsupported, "a window of \(kernel), which has more than \(Self.largest) taps")
        }
        return try input.indices.map { axis in
            try windowAxis(axis, kernel: kernel[axis], input: input[axis], rank: input.count)
        }
    }

    private func windowAxis(_ axis: Int, kernel: Int, input: Int, rank: Int) throws -> WindowAxis {
        let stride = strides?[axis] ?? 1
        let dilation = dilations?[axis] ?? 1
        let extent = (kernel - 1) * dilation + 1
        guard input <= Self.largest, extent <= Self.largest else {
            throw QTuneError(.unsupported, "a window of \(extent) over \(input) elements")
        }
        func made(_ before: Int, _ after: Int, _ output: Int) throws -> WindowAxis {
            guard output > 0 else {
                throw QTuneError(
                    .invalidInput,
                    "a window of \(extent) elements is longer than the \(input + before + after) it slides over")
            }
            return WindowAxis(
                input: input, kernel: kernel, stride: stride, dilation: dilation, padBefore: before, padAfter: after,
                output: output)
        }
        switch autoPad {
        case .explicit, .valid:
            let before = autoPad == .valid ? 0 : pads?[axis] ?? 0
            let after = autoPad == .valid ? 0 : pads?[axis + rank] ?? 0
            let room = input + before + after - extent
            var output = floorDivide(roundsUp ? room + stride - 1 : room, by: stride) + 1
            // A position that would start in the padding behind the input is dropped.
            if roundsUp, output > 1, (output - 1) * stride >= input + before { output -= 1 }
            return try made(before, after, output)
        case .sameUpper, .sameLower:
            let output = (input + stride - 1) / stride
            let padding = max(0, (output - 1) * stride + extent - input)
            let before = autoPad == .sameUpper ? padding / 2 : (padding + 1) / 2
            return try made(before, padding - before, output)
        }
    }

    /// The spatial lengths of the output as far as they are known before the network runs.
    package func outputDimensions(kernel: [Int]?, input: [Dimension]) throws -> [Dimension] {
        guard let kernel = kernel ?? self.kernel, kernel.count == input.count else {
            return [Dimension](repeating: .unknown, count: input.count)
        }
        let axes = try windowAxes(kernel: kernel, input: input.map { $0.value ?? Self.placeholder })
        return zip(input, axes).map { length, axis in
            length.value == nil ? outputLength(length, axis) : .fixed(axis.output)
        }
    }

    /// The output length of an axis whose input length is a name; `axis` is a window over a long axis.
    private func outputLength(_ input: Dimension, _ axis: WindowAxis) -> Dimension {
        switch autoPad {
        case .sameUpper, .sameLower:
            let roundedUp = DimensionArithmetic.add(input, .fixed(axis.stride - 1))
            return DimensionArithmetic.divide(roundedUp, .fixed(axis.stride))
        case .explicit, .valid:
            // Which positions are dropped after rounding up depends on the length.
            guard !roundsUp || axis.stride == 1 else { return .unknown }
            let extent = (axis.kernel - 1) * axis.dilation + 1
            let room = DimensionArithmetic.add(input, .fixed(axis.padBefore + axis.padAfter - extent))
            return DimensionArithmetic.add(DimensionArithmetic.divide(room, .fixed(axis.stride)), .fixed(1))
        }
    }

    /// Stands for a length that is not known, long enough for any sensible window.
    private static let placeholder = 1 << 24
}

/// `a / b`, rounded down where `a` is negative too.
private func floorDivide(_ a: Int, by b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }

extension WindowAttributes {
    /// The window of the convolution that a transposed convolution of those spatial lengths undoes: its `output` is our
    /// input, its `input` our output.
    func transposedWindow(
        kernel: [Int], input: [Int], outputPadding: [Int]?, outputShape: [Int]?
    ) throws -> Window {
        let rank = input.count
        // Some exporters write batch and channels into the shape too.
        let wanted = outputShape.map { Array($0.suffix(rank)) }
        let bounded = kernel + (outputPadding ?? []) + (wanted ?? [])
        guard (1...3).contains(rank), kernel.count == rank, kernel.allSatisfy({ $0 > 0 }),
            self.kernel ?? kernel == kernel,
            bounded.allSatisfy({ (0...Self.largest).contains($0) }),
            [strides, dilations, outputPadding, wanted].allSatisfy({ $0?.count ?? rank == rank }),
            pads?.count ?? 2 * rank == 2 * rank
        else {
            throw QTuneError(
                .invalidInput, "a transposed window of \(kernel) does not fit the attributes and lengths \(input)")
        }
        return try Window(
            checking: (0..<rank).map { axis in
                let (stride, dilation) = (strides?[axis] ?? 1, dilations?[axis] ?? 1)
                let extent = (kernel[axis] - 1) * dilation + 1
                guard max(input[axis], extent) <= Int(Int32.max) else {
                    throw QTuneError(.unsupported, "a transposed window of \(extent) over \(input[axis]) elements")
                }
                let whole = stride * (input[axis] - 1) + extent + (outputPadding?[axis] ?? 0)
                var (before, after) = (pads?[axis] ?? 0, pads?[axis + rank] ?? 0)
                if autoPad == .valid { (before, after) = (0, 0) }
                var output = whole - before - after
                let isSame = autoPad == .sameUpper || autoPad == .sameLower
                if let length = wanted?[axis] ?? (isSame ? input[axis] * stride : nil) {
                    let padding = max(0, whole - length)
                    before = autoPad == .sameUpper ? padding / 2 : padding - padding / 2
                    after = padding - before
                    output = length
                }
                guard output > 0 else {
                    throw QTuneError(
                        .invalidInput, "a transposed window of \(extent) elements leaves nothing of the output")
                }
                return WindowAxis(
                    input: output, kernel: kernel[axis], stride: stride, dilation: dilation, padBefore: before,
                    padAfter: after, output: input[axis])
            })
    }
}
