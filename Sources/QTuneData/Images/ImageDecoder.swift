internal import QTuneImages

/// Decodes JPEG, PNG, BMP and PNM. Grey pictures become RGB; an alpha channel is dropped.
public enum ImageDecoder {
    /// The formats that are decoded, as words.
    public static var formats: String { PictureDecoder.formats }

    /// The picture in `bytes`, whose format is told by its first bytes.
    /// - Throws: `QTuneError` where they are damaged or of another format.
    public static func decode(_ bytes: [UInt8]) throws -> Image {
        let picture = try PictureDecoder.decode(bytes)
        return Image(width: picture.width, height: picture.height, pixels: picture.pixels)
    }
}
