internal import CImageCodecs
internal import QTuneTensor

/// Decodes JPEG and PNG. Grey pictures become RGB; an alpha channel is dropped.
public enum ImageDecoder {
    /// Pixels that a picture may claim: what a hostile header can make us allocate.
    private static let mostPixels = 1 << 28

    /// The picture in `bytes`, whose format is told by its first bytes.
    public static func decode(_ bytes: [UInt8]) throws -> Image {
        if bytes.starts(with: [0xFF, 0xD8]) { return try decodeJPEG(bytes) }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try decodePNG(bytes) }
        throw QTuneError(.invalidData, "the file is neither JPEG nor PNG", remedy: "convert it to one of these")
    }

    private static func decodeJPEG(_ bytes: [UInt8]) throws -> Image {
        let (width, height, pixels) = try decode(channels: 3) { pixels, width, height, message in
            unsafe qt_jpeg_decode(bytes, bytes.count, &pixels, pixels.count, &width, &height, &message)
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    private static func decodePNG(_ bytes: [UInt8]) throws -> Image {
        let (width, height, pixels) = try decode(channels: 4) { pixels, width, height, message in
            unsafe qt_png_decode(bytes, bytes.count, &pixels, pixels.count, &width, &height, &message)
        }
        var colours = [UInt8](repeating: 0, count: width * height * 3)
        for pixel in 0..<width * height {
            for channel in 0..<3 { colours[3 * pixel + channel] = pixels[4 * pixel + channel] }
        }
        return Image(width: width, height: height, pixels: colours)
    }

    /// Reads the size into `width` and `height` and, where `pixels` is not empty, the pixels. Gives 0, or another number
    /// and a C string in `message`.
    private typealias Codec = (
        _ pixels: inout [UInt8], _ width: inout Int32, _ height: inout Int32, _ message: inout [CChar]
    ) -> Int32

    /// Reads the size, checks it, then decodes.
    private static func decode(channels: Int, _ codec: Codec) throws -> (width: Int, height: Int, pixels: [UInt8]) {
        var width: Int32 = 0
        var height: Int32 = 0
        var message = [CChar](repeating: 0, count: Int(QT_IMAGE_MESSAGE))
        var pixels: [UInt8] = []
        guard codec(&pixels, &width, &height, &message) == 0 else { throw failure(message) }
        guard width > 0, height > 0, Int(width) * Int(height) <= mostPixels else {
            throw QTuneError(.invalidData, "the picture claims \(width) x \(height) pixels")
        }
        pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
        guard codec(&pixels, &width, &height, &message) == 0 else { throw failure(message) }
        return (Int(width), Int(height), pixels)
    }

    private static func failure(_ message: [CChar]) -> QTuneError {
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return QTuneError(.invalidData, "the picture is damaged: \(text)")
    }
}
