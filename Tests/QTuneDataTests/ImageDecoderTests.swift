import Foundation
import QTuneData
import QTuneTensor
import Testing

@Suite struct ImageDecoderTests {
    @Test(arguments: EncodedPicture.all)
    func decodesAsPillowDoes(_ picture: EncodedPicture) throws {
        let image = try ImageDecoder.decode(bytes(of: picture))
        #expect(image.width == picture.width)
        #expect(image.height == picture.height)
        // Versions of libjpeg differ by a step where colours are converted.
        let tolerance = picture.name.hasPrefix("jpeg") ? 2 : 0
        let worst = zip(image.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(image.pixels.count == picture.pixels.count)
        #expect(worst <= tolerance)
    }

    @Test(arguments: EncodedPicture.all)
    func aPictureCutShortIsAnError(_ picture: EncodedPicture) throws {
        let whole = try bytes(of: picture)
        for length in stride(from: 0, to: whole.count - 12, by: 7) {
            #expect(throws: QTuneError.self) { try ImageDecoder.decode(Array(whole[..<length])) }
        }
    }

    @Test func otherFormatsAreNamed() {
        #expect {
            try ImageDecoder.decode(Array("GIF89a".utf8))
        } throws: {
            "\($0)".contains("not JPEG, PNG, BMP or PNM")
        }
    }

    @Test(arguments: EncodedPicture.all)
    func damagedBytesNeverTrap(_ picture: EncodedPicture) throws {
        let whole = try bytes(of: picture)
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x55
            _ = try? ImageDecoder.decode(damaged)
        }
    }

    private func bytes(of picture: EncodedPicture) throws -> [UInt8] {
        [UInt8](try #require(Data(base64Encoded: picture.base64)))
    }
}
