internal import CImageCodecs
internal import QTuneTensor

/// Decodes pictures. Grey ones become RGB; an alpha channel is dropped.
package enum PictureDecoder {
    /// The formats that are decoded, as words: "JPEG, PNG, BMP or PNM".
    package static let formats: String = {
        let names = PictureFormat.decoded.map(\.name)
        return names.dropLast().joined(separator: ", ") + " or " + (names.last ?? "")
    }()

    /// What the names of files of these formats end with behind the point, in lower case.
    package static let endings = Set(PictureFormat.decoded.flatMap(\.endings))

    /// The picture in `bytes`, whose format is told by its first bytes.
    /// - Throws: `invalidData` where they are damaged or of no known format, `unsupported` for formats that are not
    ///   read.
    package static func decode(_ bytes: [UInt8]) throws -> Picture {
        switch PictureFormat(bytes) {
        case .jpeg: return try decodeJPEG(bytes)
        case .png: return try decodePNG(bytes)
        case .bitmap: return try BitmapReader(bytes).picture()
        case .anymap: return try AnymapReader.picture(bytes)
        case .tiff: throw notRead("TIFF")
        case .webP: throw notRead("WebP")
        case .jpeg2000: throw notRead("JPEG 2000")
        case nil:
            throw QTuneError(.invalidData, "the picture is not \(formats)", remedy: "convert it to one of these")
        }
    }

    private static func notRead(_ format: String) -> QTuneError {
        QTuneError(.unsupported, "\(format) pictures are not decoded", remedy: "convert it to \(formats)")
    }

    private static func decodeJPEG(_ bytes: [UInt8]) throws -> Picture {
        let (width, height, pixels) = try decode(channels: 3) { pixels, width, height, message in
            unsafe qt_jpeg_decode(bytes, bytes.count, &pixels, pixels.count, &width, &height, &message)
        }
        return Picture(width: width, height: height, pixels: pixels)
    }

    private static func decodePNG(_ bytes: [UInt8]) throws -> Picture {
        let (width, height, pixels) = try decode(channels: 4) { pixels, width, height, message in
            unsafe qt_png_decode(bytes, bytes.count, &pixels, pixels.count, &width, &height, &message)
        }
        var colours = [UInt8](repeating: 0, count: width * height * 3)
        for pixel in 0..<width * height {
            for channel in 0..<3 { colours[3 * pixel + channel] = pixels[4 * pixel + channel] }
        }
        return Picture(width: width, height: height, pixels: colours)
    }

    /// Reads the size into `width` and `height` and, where `pixels` is not empty, the pixels. Gives 0, or another
    /// number and a C string in `message`.
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
        try Picture.checkSize(Int(width), Int(height))
        pixels = [UInt8](repeating: 0, count: Int(width) * Int(height) * channels)
        guard codec(&pixels, &width, &height, &message) == 0 else { throw failure(message) }
        return (Int(width), Int(height), pixels)
    }

    private static func failure(_ message: [CChar]) -> QTuneError {
        let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return PictureFailure.damaged(text)
    }
}

/// The errors of decoders.
enum PictureFailure {
    static func damaged(_ reason: String) -> QTuneError {
        QTuneError(.invalidData, "the picture is damaged: \(reason)")
    }
}
