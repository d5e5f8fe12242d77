import Foundation
import QTuneImages
import QTuneTensor
import Testing

/// Encoded bytes with the pixels that are due.
struct PictureCase: Sendable, CustomTestStringConvertible {
    let name: String
    let bytes: [UInt8]
    let width: Int
    let height: Int
    let pixels: [UInt8]

    var testDescription: String { name }
}

@Suite struct PictureDecoderTests {
    @Test(arguments: Self.cases) func decodes(_ picture: PictureCase) throws {
        let decoded = try PictureDecoder.decode(picture.bytes)
        #expect(decoded.width == picture.width)
        #expect(decoded.height == picture.height)
        #expect(decoded.pixels == picture.pixels)
    }

    @Test(arguments: Self.cases) func cutShortIsAnError(_ picture: PictureCase) {
        for length in 0..<picture.bytes.count - 2 {
            #expect(throws: QTuneError.self) { try PictureDecoder.decode(Array(picture.bytes[..<length])) }
        }
    }

    @Test(arguments: Self.cases) func damagedBytesNeverTrap(_ picture: PictureCase) {
        // Sizes of a few million pixels would only make the test slow.
        for index in picture.bytes.indices where !(18...25).contains(index) || picture.bytes.first != 0x42 {
            for flip: UInt8 in [0x01, 0x55, 0x80, 0xFF] {
                var damaged = picture.bytes
                damaged[index] ^= flip
                _ = try? PictureDecoder.decode(damaged)
            }
        }
    }

    @Test(arguments: [
        "BM" + String(repeating: "\u{7F}", count: 60), "P6 99999999999999999999 1 255 x", "P6 70000 70000 255 x",
        "P5 2 2 0 abcd", "P5 2 2 70000 abcd", "P2 2 2 255 1 2 3", "P1 2 1 0 2", "P3 # no end", "P6 0 0 255 ", "BM",
        "P6",
    ])
    func hostileHeadersAreErrors(_ text: String) {
        #expect(throws: QTuneError.self) { try PictureDecoder.decode(Array(text.utf8)) }
    }

    @Test(
        arguments: [
            ("TIFF", [0x49, 0x49, 0x2A, 0, 8, 0, 0, 0]), ("WebP", Array("RIFF\0\0\0\0WEBP".utf8)),
            ("JPEG 2000", [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]),
        ] as [(String, [UInt8])])
    func formatsThatAreNotReadAreNamed(_ name: String, _ bytes: [UInt8]) {
        #expect {
            try PictureDecoder.decode(bytes)
        } throws: {
            ($0 as? QTuneError)?.code == .unsupported && "\($0)".contains(name)
        }
    }

    @Test func bytesThatCannotFillAPictureAreAnError() {
        let bytes = Self.bitmap(
            16384, 16384, bits: 8, compression: 1, colours: 2, [0, 0, 0, 0, 255, 255, 255, 0], [0, 1])
        #expect(throws: QTuneError.self) { try PictureDecoder.decode(bytes) }
    }

    @Test func ordersPixels() throws {
        let picture = try PictureDecoder.decode(Array("P6 2 1 255\n".utf8) + [255, 0, 0, 10, 20, 30])
        #expect(picture.pixels(as: .rgb) == [255, 0, 0, 10, 20, 30])
        #expect(picture.pixels(as: .bgr) == [0, 0, 255, 30, 20, 10])
        // 0.299 * 255 = 76.2; 2.99 + 11.74 + 3.42 = 18.15.
        #expect(picture.pixels(as: .grayscale) == [76, 18])
    }

    static let cases = bitmaps + anymaps

    /// A bitmap with a header of 40 bytes, whose palette (blue, green, red, 0 for each colour) and pixels follow.
    private static func bitmap(
        _ width: Int32, _ height: Int32, bits: UInt8, compression: UInt8 = 0, colours: UInt8 = 0, _ palette: [UInt8],
        _ pixels: [UInt8]
    ) -> [UInt8] {
        func number(_ value: Int32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let start = number(Int32(54 + palette.count))
        let file = Array("BM".utf8) + number(0) + number(0) + start
        let size = number(40) + number(width) + number(height) + [1, 0, bits, 0, compression, 0, 0, 0]
        return file + size + number(0) + number(0) + number(0) + [colours, 0, 0, 0] + number(0) + palette + pixels
    }

    private static let bitmaps = [
        // Written by Pillow from these pixels.
        PictureCase(
            name: "24 bits",
            bytes: [UInt8](
                Data(
                    base64Encoded: """
                        Qk1mAAAAAAAAADYAAAAoAAAABQAAAAMAAAABABgAAAAAADAAAADEDgAAxA4AAAAAAAAAAAAA10Qy8enXYN736Y1WPweJABmG/P4U\
                        stSSZer8i46dnACM6yWJ/0hPhcuBkMDtR8wA
                        """) ?? Data()),
            width: 5, height: 3,
            pixels: [
                37, 235, 140, 72, 255, 137, 203, 133, 79, 192, 144, 129, 204, 71, 237, 252, 134, 25, 178, 20, 254, 101,
                146,
                212, 139, 252, 234, 156, 157, 142, 50, 68, 215, 215, 233, 241, 247, 222, 96, 86, 141, 233, 137, 7, 63,
            ]),
        PictureCase(
            name: "1 bit, rows from the top",
            bytes: bitmap(
                3, -2, bits: 1, colours: 2, [0, 0, 9, 0, 1, 2, 3, 0], [0b0100_0000, 0, 0, 0, 0b1010_0000, 0, 0, 0]),
            width: 3, height: 2, pixels: [9, 0, 0, 3, 2, 1, 9, 0, 0, 3, 2, 1, 9, 0, 0, 3, 2, 1]),
        PictureCase(
            name: "4 bits",
            bytes: bitmap(3, 1, bits: 4, colours: 3, [0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0], [0x21, 0, 0, 0]),
            width: 3, height: 1, pixels: [3, 0, 0, 2, 0, 0, 1, 0, 0]),
        PictureCase(
            name: "5 bits a colour", bytes: bitmap(2, 1, bits: 16, [], [0xFF, 0x7F, 0x10, 0x04]), width: 2, height: 1,
            // 1 of 31 is 8.2 of 255, and 16 of 31 131.6.
            pixels: [255, 255, 255, 8, 0, 131]),
        PictureCase(
            name: "masks",
            bytes: bitmap(
                1, 1, bits: 32, compression: 3, [0xFF, 0, 0, 0, 0, 0xFF, 0, 0, 0, 0, 0xFF, 0], [1, 2, 3, 4]),
            width: 1, height: 1, pixels: [1, 2, 3]),
        PictureCase(
            name: "runs of 8 bits",
            // Two of colour 1 and the end of the row; a step right; three literal indices, padded; the end.
            bytes: bitmap(
                4, 2, bits: 8, compression: 1, colours: 3, [0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0],
                [2, 1, 0, 0, 0, 2, 1, 0, 0, 3, 2, 1, 2, 0, 0, 1]),
            width: 4, height: 2,
            pixels: [7, 0, 0, 9, 0, 0, 8, 0, 0, 9, 0, 0, 8, 0, 0, 8, 0, 0, 7, 0, 0, 7, 0, 0]),
        PictureCase(
            name: "runs of 4 bits",
            bytes: bitmap(
                4, 1, bits: 4, compression: 2, colours: 3, [0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 9, 0], [4, 0x12, 0, 1]),
            width: 4, height: 1, pixels: [8, 0, 0, 9, 0, 0, 8, 0, 0, 9, 0, 0]),
    ]

    private static let anymaps = [
        PictureCase(
            name: "P1", bytes: Array("P1\n# a comment\n3 2\n101\n0 1 0\n".utf8), width: 3, height: 2,
            pixels: [0, 255, 0, 255, 0, 255].flatMap { [$0, $0, $0] }),
        PictureCase(
            name: "P2", bytes: Array("P2 3 1 15 0 15 5\n\n".utf8), width: 3, height: 1,
            pixels: [0, 255, 85].flatMap { [$0, $0, $0] }),
        PictureCase(
            name: "P3", bytes: Array("P3 1 2 255\n1 2 3\n250 251 7\n\n".utf8), width: 1, height: 2,
            pixels: [1, 2, 3, 250, 251, 7]),
        PictureCase(
            name: "P4", bytes: Array("P4 9 1\n".utf8) + [0b1000_0001, 0b1000_0000, 0, 0], width: 9, height: 1,
            pixels: [0, 255, 255, 255, 255, 255, 255, 0, 0].flatMap { [$0, $0, $0] }),
        PictureCase(
            name: "P5 of 16 bits", bytes: Array("P5 2 1 65535\n".utf8) + [0xFF, 0xFF, 0x80, 0x00, 0, 0], width: 2,
            height: 1,
            // 32768 of 65535 is 127.502 of 255.
            pixels: [255, 255, 255, 128, 128, 128]),
        PictureCase(
            name: "P6", bytes: Array("P6\n1 1\n255\n".utf8) + [4, 5, 6, 0, 0], width: 1, height: 1, pixels: [4, 5, 6]),
    ]
}
