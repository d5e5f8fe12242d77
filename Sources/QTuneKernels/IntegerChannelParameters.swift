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

    var integers: UnsafePointer<Int32> { UnsafePointer(storage.base.assumingMemoryBound(to: Int32.self)) }
    var floats: UnsafePointer<Float> { UnsafePointer(storage.base.assumingMemoryBound(to: Float.self)) }
}

/// An epilogue as kernels take it: per-channel arrays expanded, bounds made float.
struct PreparedEpilogue: Sendable {
    private let kind: qt_epilogue_kind
    private let zeroPoint: Int32
    private let lower: Float
    private let upper: Float
    private let scales: ChannelWords?
    private let biases: ChannelWords?
    /// What is added to requantized sums, and the bounds of these.
    private let addition: (added: Requantization.Addition, lower: Float, upper: Float)?

    /// `inputScale` multiplies the scales, for inputs whose scale is known only at the run.
    init(_ epilogue: IntegerEpilogue, channels: Int, inputScale: Float?, for depthwise: IntegerKernels.DepthwiseRow?) {
        func words(_ values: [Float]) -> ChannelWords {
            let words = ChannelWords(values, channels: channels)
            return depthwise.map { ChannelWords(arranging: words, channels: channels, for: $0) } ?? words
        }
        func scaled(_ values: [Float]) -> [Float] { inputScale.map { scale in values.map { $0 * scale } } ?? values }
        switch epilogue {
        case .accumulators:
            (kind, zeroPoint, lower, upper) = (QT_EPILOGUE_ACCUMULATORS, 0, 0, 0)
            (scales, biases, addition) = (nil, nil, nil)
        case .requantize(let requantization):
            kind = requantization.dtype == .uint8 ? QT_EPILOGUE_REQUANTIZE_U8 : QT_EPILOGUE_REQUANTIZE_S8
            let floor = Float(requantization.lower - requantization.zeroPoint)
            let ceiling = Float(requantization.upper - requantization.zeroPoint)
            if let added = requantization.addition {
                addition = (added, floor, ceiling)
                zeroPoint = added.zeroPoint
                (lower, upper) = (Float(added.lower - added.zeroPoint), Float(added.upper - added.zeroPoint))
            } else {
                addition = nil
                (zeroPoint, lower, upper) = (requantization.zeroPoint, floor, ceiling)
            }
            scales = words(scaled(requantization.multipliers))
            biases = nil
        case .dequantize(let values, let bias, let floor, let ceiling):
            (kind, zeroPoint, lower, upper) = (QT_EPILOGUE_DEQUANTIZE, 0, floor, ceiling)
            scales = words(scaled(values))
            biases = words(bias ?? [0])
            addition = nil
        }
    }

    /// The C structure; its pointers live as long as `self` and `values`, which are added where the epilogue adds.
    func c(adding values: UnsafePointer<UInt8>? = nil) -> qt_epilogue {
        var addend = qt_epilogue_addend()
        if let addition {
            addend.values = values
            addend.zero_point = addition.added.addendZeroPoint
            (addend.ratio, addend.own_ratio) = (addition.added.addendRatio, addition.added.ratio)
            (addend.own_lower, addend.own_upper) = (addition.lower, addition.upper)
        }
        return qt_epilogue(
            kind: Int32(kind.rawValue), zero_point: zeroPoint, lower: lower, upper: upper,
            scales: scales?.floats, biases: biases?.floats, addend: addend)
    }
}
