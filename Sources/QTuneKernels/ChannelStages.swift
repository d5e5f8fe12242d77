internal import CQTuneKernels
internal import QTuneTensor

/// What makes the parameters of one product, or of a depthwise kernel, for every input.
struct ChannelStage: Sendable {
    private let epilogue: PreparedEpilogue
    /// nil where offsets do not depend on the input's zero point.
    private let offsets: ChannelOffsets?
    /// Those for inputs with `knownZeroPoint`.
    private let knownOffsets: ChannelWords
    private let knownZeroPoint: Int32

    /// - Parameter inputZeroPoint: of inputs that do not come with one, flipped with them.
    init(_ epilogue: PreparedEpilogue, offsets: ChannelOffsets, inputZeroPoint: Int32) {
        self.epilogue = epilogue
        self.offsets = offsets
        (knownOffsets, knownZeroPoint) = (offsets.words(inputZeroPoint: inputZeroPoint), inputZeroPoint)
    }

    init(_ epilogue: PreparedEpilogue, offsets: ChannelWords) {
        self.epilogue = epilogue
        self.offsets = nil
        (knownOffsets, knownZeroPoint) = (offsets, 0)
    }

    fileprivate var addresses: StageAddresses {
        StageAddresses(
            epilogue: epilogue.c, scaleCount: epilogue.scaleCount, growingReach: epilogue.growingReach,
            offsets: offsets.map { ($0.bias.integers, $0.slopes.integers) }, offsetCount: offsets?.count ?? 0,
            knownOffsets: knownOffsets.integers, knownZeroPoint: knownZeroPoint)
    }
}

/// A stage without what keeps its memory: to copy it counts no references.
fileprivate struct StageAddresses: @unchecked Sendable {
    let epilogue: qt_epilogue
    let scaleCount: Int
    let growingReach: Float?
    let offsets: (bias: UnsafePointer<Int32>, slopes: UnsafePointer<Int32>)?
    let offsetCount: Int
    let knownOffsets: UnsafePointer<Int32>
    let knownZeroPoint: Int32

    /// Words that the parameters of an input take that comes with a zero point or a scale.
    var wordCount: Int { offsetCount + scaleCount }

    var parameters: ChannelParameters { ChannelParameters(offsets: knownOffsets, epilogue: epilogue) }

    /// The parameters for an input with `zeroPoint`, flipped with it, and where it is given with `scale`, which
    /// multiplies the scales of the epilogue. They point to `words`, and to the stage.
    func parameters(zeroPoint: Int32, scale: Float?, words: UnsafeMutablePointer<Float>) -> ChannelParameters {
        var scaled = epilogue
        if let scale, let scales = epilogue.scales {
            qt_channel_scales(scales, scaleCount, scale, words)
            scaled.scales = UnsafePointer(words)
            if let growingReach { scaled.is_small = PreparedEpilogue.isSmall(growingReach * scale.magnitude) }
        }
        guard let offsets, zeroPoint != knownZeroPoint else {
            return ChannelParameters(offsets: knownOffsets, epilogue: scaled)
        }
        let target = UnsafeMutableRawPointer(words + scaleCount).bindMemory(to: Int32.self, capacity: offsetCount)
        qt_channel_offsets(offsets.bias, offsets.slopes, offsetCount, zeroPoint, target)
        return ChannelParameters(offsets: target, epilogue: scaled)
    }
}

/// The stages of all groups of channels.
final class ChannelStages: @unchecked Sendable {
    let addresses: ChannelAddresses
    private let buffer: UnsafeMutableBufferPointer<StageAddresses>
    /// Keep the memory.
    private let stages: [ChannelStage]

    /// - Parameters:
    ///   - inputZeroPoint: of inputs that do not come with one.
    ///   - flip: what zero points are flipped by, with the input.
    init(_ stages: [ChannelStage], inputZeroPoint: Int32, flip: Int32) {
        self.stages = stages
        buffer = .allocate(capacity: stages.count)
        _ = buffer.initialize(from: stages.map(\.addresses))
        addresses = ChannelAddresses(
            stages: UnsafeBufferPointer(buffer), wordCount: buffer.reduce(0) { $0 + $1.wordCount },
            inputZeroPoint: inputZeroPoint, flip: flip)
    }

    deinit { buffer.deallocate() }
}

/// The same without what keeps the memory.
struct ChannelAddresses {
    fileprivate let stages: UnsafeBufferPointer<StageAddresses>
    fileprivate let wordCount: Int
    fileprivate let inputZeroPoint: Int32
    fileprivate let flip: Int32

    /// Calls `body` with the parameters of each stage, and with the zero point of the input.
    /// - Parameter input: the zero point, and the scale if it is given, of an input that comes with them.
    func withParameters<Result>(
        of input: (zeroPoint: Int32, scale: Float?)?,
        _ body: (UnsafeBufferPointer<ChannelParameters>, _ zeroPoint: Int32) -> Result
    ) -> Result {
        guard let input else {
            return withParameters({ $0.parameters }) { body($0, inputZeroPoint) }
        }
        return ScratchMemory.withFloats(wordCount) { words in
            var words = words
            return withParameters({ stage in
                defer { words += stage.wordCount }
                return stage.parameters(zeroPoint: input.zeroPoint + flip, scale: input.scale, words: words)
            }) { body($0, input.zeroPoint) }
        }
    }

    private func withParameters<Result>(
        _ parameters: (StageAddresses) -> ChannelParameters, _ body: (UnsafeBufferPointer<ChannelParameters>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: ChannelParameters.self, capacity: stages.count) { buffer in
            for (index, stage) in stages.enumerated() { buffer.initializeElement(at: index, to: parameters(stage)) }
            return body(UnsafeBufferPointer(buffer))
        }
    }
}
