/// The format of an encoded picture.
enum PictureFormat {
    case jpeg
    case png
    case bitmap
    /// Portable bitmaps, greymaps and pixmaps.
    case anymap
    case tiff
    case webP
    case jpeg2000

    /// The formats that are decoded, with the endings of their files' names.
    static let decoded: [(name: String, endings: [String])] = [
        ("JPEG", ["jpg", "jpeg"]), ("PNG", ["png"]), ("BMP", ["bmp"]), ("PNM", ["pnm", "pbm", "pgm", "ppm"]),
    ]

    /// The format that the first bytes tell; nil for others.
    init?(_ bytes: [UInt8]) {
        func begins(_ signature: [UInt8], at offset: Int = 0) -> Bool {
            bytes.dropFirst(offset).starts(with: signature)
        }
        if begins([0xFF, 0xD8]) {
            self = .jpeg
        } else if begins([0x89, 0x50, 0x4E, 0x47]) {
            self = .png
        } else if begins(Array("BM".utf8)) {
            self = .bitmap
        } else if begins(Array("P".utf8)), bytes.count > 2, (0x31...0x36).contains(bytes[1]) {
            self = .anymap
        } else if begins([0x49, 0x49, 0x2A, 0]) || begins([0x4D, 0x4D, 0, 0x2A]) {
            self = .tiff
        } else if begins(Array("RIFF".utf8)), begins(Array("WEBP".utf8), at: 8) {
            self = .webP
        } else if begins([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]) || begins([0xFF, 0x4F, 0xFF, 0x51]) {
            self = .jpeg2000
        } else {
            return nil
        }
    }
}
