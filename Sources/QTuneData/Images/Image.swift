/// A picture of 8-bit RGB pixels, rows from the top, three bytes a pixel.
public struct Image: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// `height * width * 3` bytes.
    public let pixels: [UInt8]

    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(pixels.count == width * height * 3, "pixels do not fill \(width) x \(height)")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The part of `width` x `height` pixels round the centre; odd margins put the spare pixel at the right and bottom.
    /// nil where the picture is smaller.
    public func centerCropped(width newWidth: Int, height newHeight: Int) -> Image? {
        guard newWidth > 0, newHeight > 0, newWidth <= width, newHeight <= height else { return nil }
        let left = (width - newWidth) / 2
        let top = (height - newHeight) / 2
        var cropped: [UInt8] = []
        cropped.reserveCapacity(newWidth * newHeight * 3)
        for row in top..<top + newHeight {
            let start = (row * width + left) * 3
            cropped += pixels[start..<start + newWidth * 3]
        }
        return Image(width: newWidth, height: newHeight, pixels: cropped)
    }
}
