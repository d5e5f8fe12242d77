public import QTuneTensor

/// The way from a decoded picture to a network's input: resize, crop, order of channels, `(x - mean) / std`, layout.
/// One value serves calibration, evaluation and report, and is written into a run's configuration.
public struct Preprocessing: Codable, Sendable, Hashable {
    /// How the picture's size is changed before the crop.
    public enum Resize: Codable, Sendable, Hashable {
        /// Both sides become so long, whatever the picture's proportions.
        case squash(Int)
        /// The shorter side becomes so long; proportions stay.
        case shorterSide(Int)
    }

    public enum Layout: String, Codable, Sendable, CaseIterable { case nchw, nhwc }
    public enum ChannelOrder: String, Codable, Sendable, CaseIterable { case rgb, bgr }

    /// nil leaves the size alone.
    public var resize: Resize?
    public var filter: ResamplingFilter
    /// Side of the square that is cut from the centre; nil keeps all.
    public var crop: Int?
    /// On the scale 0...255, one for each channel in `channelOrder`.
    public var mean: [Float]
    /// On the scale 0...255, none of them 0.
    public var std: [Float]
    public var channelOrder: ChannelOrder
    public var layout: Layout

    public init(
        resize: Resize? = nil, filter: ResamplingFilter = .bilinear, crop: Int? = nil, mean: [Float] = [0, 0, 0],
        std: [Float] = [1, 1, 1], channelOrder: ChannelOrder = .rgb, layout: Layout = .nchw
    ) throws {
        guard mean.count == 3, std.count == 3, (mean + std).allSatisfy(\.isFinite), !std.contains(0) else {
            throw QTuneError(
                .invalidArgument, "mean and std need three finite values each, and no std may be 0",
                remedy: "give one value for all channels or three")
        }
        let lengths = [crop, resize?.length].compactMap { $0 }
        guard lengths.allSatisfy({ (1...16384).contains($0) }) else {
            throw QTuneError(.invalidArgument, "resize and crop lengths lie between 1 and 16384 pixels")
        }
        self.resize = resize
        self.filter = filter
        self.crop = crop
        self.mean = mean
        self.std = std
        self.channelOrder = channelOrder
        self.layout = layout
    }

    /// The picture after resize, crop and reordering of channels: bytes, [height, width, 3].
    public func prepared(_ image: Image) throws -> Image {
        var image = image
        switch resize {
        case nil: break
        case .squash(let side): image = try resized(image, width: side, height: side)
        case .shorterSide(let side):
            let shorter = min(image.width, image.height)
            image = try resized(
                image, width: max(1, image.width * side / shorter), height: max(1, image.height * side / shorter))
        }
        if let crop {
            guard let cropped = image.centerCropped(width: crop, height: crop) else {
                throw QTuneError(
                    .invalidData, "the picture of \(image.width) x \(image.height) is smaller than the crop of \(crop)",
                    remedy: "resize first, or crop less")
            }
            image = cropped
        }
        return channelOrder == .rgb ? image : image.withSwappedChannels()
    }

    /// Pixels beyond which a resized picture is refused: that of 16384 x 16384.
    private static let mostPixels = 1 << 28

    /// Bilinear resizing brings the width to its new length first, so that picture must not be too large either.
    private func resized(_ image: Image, width: Int, height: Int) throws -> Image {
        let pixels = width.multipliedReportingOverflow(by: max(height, image.height))
        guard !pixels.overflow, pixels.partialValue <= Self.mostPixels else {
            throw QTuneError(
                .invalidData,
                "the picture of \(image.width) x \(image.height) becomes too large when resized to \(width) x \(height)",
                remedy: "resize to less, or crop the picture first")
        }
        return image.resized(width: width, height: height, filter: filter)
    }

    /// The network's input for a picture: float32, [1, 3, height, width] or [1, height, width, 3].
    public func tensor(_ image: Image) throws -> Tensor {
        let image = try prepared(image)
        return normalized(image.pixels, height: image.height, width: image.width)
    }

    /// Normalizes interleaved bytes [height, width, 3] whose channels are in order already.
    func normalized(_ pixels: [UInt8], height: Int, width: Int) -> Tensor {
        let area = height * width
        var values = [Float](repeating: 0, count: area * 3)
        let table = (0..<3).map { channel in (0..<256).map { (Float($0) - mean[channel]) / std[channel] } }
        for channel in 0..<3 {
            let lookup = table[channel]
            let start = layout == .nchw ? channel * area : channel
            let step = layout == .nchw ? 1 : 3
            for pixel in 0..<area { values[start + pixel * step] = lookup[Int(pixels[pixel * 3 + channel])] }
        }
        return Tensor(values, shape: layout == .nchw ? [1, 3, height, width] : [1, height, width, 3])
    }
}

extension Preprocessing.Resize {
    var length: Int {
        switch self {
        case .squash(let length), .shorterSide(let length): length
        }
    }
}

extension Image {
    fileprivate func withSwappedChannels() -> Image {
        var swapped = pixels
        for pixel in 0..<width * height { swapped.swapAt(pixel * 3, pixel * 3 + 2) }
        return Image(width: width, height: height, pixels: swapped)
    }
}
