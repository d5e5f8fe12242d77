internal import CQTuneKernels
internal import QTuneTensor

/// Words, one for each channel, that kernels may read a whole vector past the end.
struct ChannelWords: Sendable {
    let storage: TensorStorage

    /// Words past the last channel that kernels may read.
    private static let readable = 64

    /// One word for each of `channels`; a single value stands for all.
    init<Word: BitwiseCopyable>(_ values: [Word], channels: Int) {
        precondition(MemoryLayout<Word>.size == 4 && (values.count == 1 || values.count == channels))
        storage = TensorStorage(byteCount: (channels + Self.readable) * 4)
        let words = storage.base.assumingMemoryBound(to: Word.self)
        storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
        for channel in 0..<channels { words[channel] = values.count == 1 ? values[0] : values[channel] }
    }

    /// The same words in the order in which a depthwise kernel keeps its sums.
    init(arranging words: ChannelWords, channels: Int, for kernel: IntegerKernels.DepthwiseRow) {
        storage = TensorStorage(byteCount: (channels + Self.readable) * 4)
        storage.base.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
        kernel.pointee.arrange(
            words.storage.base.assumingMemoryBound(to: UInt32.self), channels,
            storage.base.assumingMemoryBound(to: UInt32.self))
    }

    /// As many words as those of `other`, which `fill` writes.
    fileprivate init(like other: ChannelWords, _ fill: (UnsafeMutableRawPointer, Int) -> Void) {
        storage = TensorStorage(byteCount: other.storage.byteCount)
        fill(storage.base, storage.byteCount / 4)
    }

    /// Each float times `factor`.
    func scaled(by factor: Float) -> ChannelWords {
        ChannelWords(like: self) { target, count in
            qt_channel_scales(floats, count, factor, target.assumingMemoryBound(to: Float.self))
        }
    }

    var integers: UnsafePointer<Int32> { UnsafePointer(storage.base.assumingMemoryBound(to: Int32.self)) }
    var floats: UnsafePointer<Float> { UnsafePointer(storage.base.assumingMemoryBound(to: Float.self)) }
}

/// What is added to each channel's sums: a bias, and so much less for each unit of the input's zero point.
struct ChannelOffsets: Sendable {
    private let bias: ChannelWords
    private let slopes: ChannelWords

    /// The slopes are the sums of each channel's weights less their zero point.
    init(bias: [Int32]?, slopes: [Int32], for depthwise: IntegerKernels.DepthwiseRow? = nil) {
        func words(_ values: [Int32]) -> ChannelWords {
            let words = ChannelWords(values, channels: slopes.count)
            return depthwise.map { ChannelWords(arranging: words, channels: slopes.count, for: $0) } ?? words
        }
        self.bias = words(bias ?? [0])
        self.slopes = words(slopes)
    }

    /// The offsets for an input whose zero point, flipped with it, is `zeroPoint`.
    func words(inputZeroPoint zeroPoint: Int32) -> ChannelWords {
        ChannelWords(like: bias) { target, count in
            qt_channel_offsets(
                bias.integers, slopes.integers, count, zeroPoint, target.assumingMemoryBound(to: Int32.self))
        }
    }
}

/// An epilogue as kernels take it: per-channel arrays expanded, bounds made float.
struct PreparedEpilogue: Sendable {
    private let kind: qt_epilogue_kind
    private let zeroPoint: Int32
    private let lower: Float
    private let upper: Float
    private var scales: ChannelWords?
    private let biases: ChannelWords?
    /// No sum is requantized to more than this in size, where it is not clamped before.
    private var reach: Float
    /// What is added to requantized sums, and the bounds of these.
    private let addition: (added: Requantization.Addition, lower: Float, upper: Float)?

    init(_ epilogue: IntegerEpilogue, channels: Int, for depthwise: IntegerKernels.DepthwiseRow?) {
        func words(_ values: [Float]) -> ChannelWords {
            let words = ChannelWords(values, channels: channels)
            return depthwise.map { ChannelWords(arranging: words, channels: channels, for: $0) } ?? words
        }
        switch epilogue {
        case .accumulators:
            (kind, zeroPoint, lower, upper) = (QT_EPILOGUE_ACCUMULATORS, 0, 0, 0)
            (scales, biases, addition, reach) = (nil, nil, nil, 0)
        case .requantize(let requantization):
            kind = requantization.dtype == .uint8 ? QT_EPILOGUE_REQUANTIZE_U8 : QT_EPILOGUE_REQUANTIZE_S8
            let floor = Float(requantization.lower - requantization.zeroPoint)
            let ceiling = Float(requantization.upper - requantization.zeroPoint)
            if let added = requantization.addition {
                addition = (added, floor, ceiling)
                zeroPoint = added.zeroPoint
                (lower, upper) = (Float(added.lower - added.zeroPoint), Float(added.upper - added.zeroPoint))
                reach = 256 * (added.ratio.magnitude + added.addendRatio.magnitude)
            } else {
                addition = nil
                reach = requantization.multipliers.map(\.magnitude).reduce(0) { $0 > $1 ? $0 : $1 } * 0x1p31
                (zeroPoint, lower, upper) = (requantization.zeroPoint, floor, ceiling)
            }
            scales = words(requantization.multipliers)
            biases = nil
        case .dequantize(let values, let bias, let floor, let ceiling, _):
            (kind, zeroPoint, lower, upper) = (QT_EPILOGUE_DEQUANTIZE, 0, floor, ceiling)
            scales = words(values)
            biases = words(bias ?? [0])
            (addition, reach) = (nil, 0)
        }
    }

    /// The same for an input whose scale is known only at the run: it multiplies the scales.
    func scaled(by inputScale: Float) -> PreparedEpilogue {
        var copy = self
        copy.scales = scales?.scaled(by: inputScale)
        if addition == nil { copy.reach *= inputScale.magnitude }
        return copy
    }

    /// The C structure; its pointers live as long as `self` and `values`, which are added where the epilogue adds.
    func c(adding values: UnsafeRawPointer? = nil) -> qt_epilogue {
        var addend = qt_epilogue_addend()
        addend.values = values
        if let addition {
            addend.zero_point = addition.added.addendZeroPoint
            (addend.ratio, addend.own_ratio) = (addition.added.addendRatio, addition.added.ratio)
            (addend.own_lower, addend.own_upper) = (addition.lower, addition.upper)
        }
        return qt_epilogue(
            kind: Int32(kind.rawValue), zero_point: zeroPoint, lower: lower, upper: upper,
            is_small: reach < 0x1p30 ? 1 : 0, scales: scales?.floats, biases: biases?.floats, addend: addend, range: nil
        )
    }
}
