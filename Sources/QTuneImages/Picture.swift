/// A decoded picture: 8-bit pixels, rows from the top, red, green and blue of each.
package struct Picture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// `height * width * 3` bytes.
    package let pixels: [UInt8]

    init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "pixels do not fill \(width) x \(height)")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// Pixels that a picture may claim: what a hostile header can make us allocate.
    private static let mostPixels = 1 << 28

    /// Throws where a header claims a size that no picture has.
    static func checkSize(_ width: Int, _ height: Int) throws {
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        guard width > 0, height > 0, !overflow, count <= mostPixels else {
            throw PictureFailure.damaged("it claims \(width) x \(height) pixels")
        }
    }
}

/// The order of a pixel's bytes.
package enum PixelFormat: Sendable {
    case rgb
    case bgr
    /// The luma of ITU-R BT.601.
    case grayscale

    /// Bytes of a pixel.
    package var channels: Int { self == .grayscale ? 1 : 3 }
}

extension Picture {
    /// The pixels, row by row, in another order.
    package func pixels(as format: PixelFormat) -> [UInt8] {
        switch format {
        case .rgb: pixels
        case .bgr: stride(from: 0, to: pixels.count, by: 3).flatMap { [pixels[$0 + 2], pixels[$0 + 1], pixels[$0]] }
        case .grayscale: stride(from: 0, to: pixels.count, by: 3).map { luma(at: $0) }
        }
    }

    /// 0.299 red + 0.587 green + 0.114 blue in 16 bits of fraction, rounded.
    private func luma(at index: Int) -> UInt8 {
        let (red, green, blue) = (Int(pixels[index]), Int(pixels[index + 1]), Int(pixels[index + 2]))
        return UInt8((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16)
    }
}
