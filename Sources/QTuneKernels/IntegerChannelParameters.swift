internal import CQTuneKernels
internal import QTuneTensor

/// Words, one for each channel, that kernels may read a whole vector past the end.
struct ChannelWords: @unchecked Sendable {
    /// Keeps the words, which are found without it.
    private let storage: TensorStorage
    private let words: UnsafeMutableRawPointer
    /// The words and those past the last channel, in whole cache lines.
    fileprivate let count: Int

    /// Words past the last channel that kernels may read.
    private static let readable = 64
    /// Words of a cache line.
    private static let line = 16

    /// One word for each of `channels`; a single value stands for all.
    init<Word: BitwiseCopyable>(_ values: [Word], channels: Int) {
        precondition(MemoryLayout<Word>.size == 4 && (values.count == 1 || values.count == channels))
        self.init(zeros: Self.count(channels: channels))
        let words = words.assumingMemoryBound(to: Word.self)
        for channel in 0..<channels { words[channel] = values.count == 1 ? values[0] : values[channel] }
    }

    /// The same words in the order in which a depthwise kernel keeps its sums.
    init(arranging words: ChannelWords, channels: Int, for kernel: IntegerKernels.DepthwiseRow) {
        self.init(zeros: Self.count(channels: channels))
        kernel.pointee.arrange(
            words.words.assumingMemoryBound(to: UInt32.self), channels,
            self.words.assumingMemoryBound(to: UInt32.self))
    }

    /// `count` words, those past the last channel among them.
    fileprivate init(zeros count: Int) {
        self.count = count
        storage = TensorStorage(byteCount: count * 4)
        words = storage.base
        words.initializeMemory(as: UInt8.self, repeating: 0, count: storage.byteCount)
    }

    private static func count(channels: Int) -> Int { (channels + readable + line - 1) / line * line }

    var integers: UnsafePointer<Int32> { UnsafePointer(words.assumingMemoryBound(to: Int32.self)) }
    var floats: UnsafePointer<Float> { UnsafePointer(words.assumingMemoryBound(to: Float.self)) }
    fileprivate var mutableIntegers: UnsafeMutablePointer<Int32> { words.assumingMemoryBound(to: Int32.self) }
}

/// What is added to each channel's sums: a bias, and so much less for each unit of the input's zero point.
struct ChannelOffsets: Sendable {
    let bias: ChannelWords
    let slopes: ChannelWords

    /// The slopes are the sums of each channel's weights less their zero point.
    init(bias: [Int32]?, slopes: [Int32], for depthwise: IntegerKernels.DepthwiseRow? = nil) {
        func words(_ values: [Int32]) -> ChannelWords {
            let words = ChannelWords(values, channels: slopes.count)
            return depthwise.map { ChannelWords(arranging: words, channels: slopes.count, for: $0) } ?? words
        }
        self.bias = words(bias ?? [0])
        self.slopes = words(slopes)
    }

    var count: Int { bias.count }

    /// The offsets for an input whose zero point, flipped with it, is `zeroPoint`.
    func words(inputZeroPoint zeroPoint: Int32) -> ChannelWords {
        let words = ChannelWords(zeros: count)
        qt_channel_offsets(bias.integers, slopes.integers, count, zeroPoint, words.mutableIntegers)
        return words
    }
}

/// An epilogue as kernels take it: per-channel arrays expanded, bounds made float.
struct PreparedEpilogue: Sendable {
    private let kind: qt_epilogue_kind
    private let zeroPoint: Int32
    private let lower: Float
    private let upper: Float
    private let scales: ChannelWords?
    private let biases: ChannelWords?
    /// No sum is requantized to more than this in size, where it is not clamped before.
    private let reach: Float
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

    /// The C structure; its pointers live as long as `self`.
    var c: qt_epilogue {
        var addend = qt_epilogue_addend()
        if let addition {
            addend.zero_point = addition.added.addendZeroPoint
            (addend.ratio, addend.own_ratio) = (addition.added.addendRatio, addition.added.ratio)
            (addend.own_lower, addend.own_upper) = (addition.lower, addition.upper)
        }
        return qt_epilogue(
            kind: Int32(kind.rawValue), zero_point: zeroPoint, lower: lower, upper: upper,
            is_small: Self.isSmall(reach), scales: scales?.floats, biases: biases?.floats, addend: addend, range: nil)
    }

    /// Scales that depend on that of the input.
    var scaleCount: Int { scales?.count ?? 0 }

    /// The reach where the input has scale 1, and grows with it; nil where it does not.
    var growingReach: Float? { addition == nil ? reach : nil }

    static func isSmall(_ reach: Float) -> Int32 { reach < 0x1p30 ? 1 : 0 }
}

/// What kernels take for each channel besides the operands.
struct ChannelParameters {
    let offsets: UnsafePointer<Int32>
    private(set) var epilogue: qt_epilogue

    init(offsets: UnsafePointer<Int32>, epilogue: qt_epilogue) {
        self.offsets = offsets
        self.epilogue = epilogue
    }

    /// The same where `values` are added, which the caller keeps alive.
    func adding(_ values: UnsafeMutableRawPointer?) -> ChannelParameters {
        var copy = self
        copy.epilogue.addend.values = UnsafeRawPointer(values)
        return copy
    }
}
