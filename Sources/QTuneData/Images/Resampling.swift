/// How a picture is brought to another size.
public enum ResamplingFilter: String, Codable, Sendable, CaseIterable {
    /// The pixel under each target pixel's centre.
    case nearest
    /// A triangle as wide as the larger of a source and a target pixel, so that shrinking averages.
    case bilinear
}

extension Image {
    /// The picture at another size. Both filters give the bytes that Pillow gives, on which most networks were trained.
    public func resized(width newWidth: Int, height newHeight: Int, filter: ResamplingFilter) -> Image {
        precondition(newWidth > 0 && newHeight > 0, "a picture has at least one pixel")
        guard newWidth != width || newHeight != height else { return self }
        switch filter {
        case .nearest: return sampled(width: newWidth, height: newHeight)
        case .bilinear:
            return averagedAlongRows(to: newWidth).transposed().averagedAlongRows(to: newHeight).transposed()
        }
    }

    private func sampled(width newWidth: Int, height newHeight: Int) -> Image {
        let columns = Self.nearestSources(newWidth, from: width)
        var result: [UInt8] = []
        result.reserveCapacity(newWidth * newHeight * 3)
        for row in Self.nearestSources(newHeight, from: height) {
            for column in columns {
                let source = (row * width + column) * 3
                result += pixels[source..<source + 3]
            }
        }
        return Image(width: newWidth, height: newHeight, pixels: result)
    }

    private static func nearestSources(_ count: Int, from length: Int) -> [Int] {
        let step = Double(length) / Double(count)
        return (0..<count).map { min(length - 1, Int((Double($0) + 0.5) * step)) }
    }

    private func averagedAlongRows(to newWidth: Int) -> Image {
        guard newWidth != width else { return self }
        let taps = TriangleTaps(from: width, to: newWidth)
        var result = [UInt8](repeating: 0, count: newWidth * height * 3)
        for row in 0..<height {
            for column in 0..<newWidth {
                let (first, weights) = taps[column]
                for channel in 0..<3 {
                    var sum = TriangleTaps.half
                    for (offset, weight) in weights.enumerated() {
                        sum += Int(pixels[(row * width + first + offset) * 3 + channel]) * weight
                    }
                    result[(row * newWidth + column) * 3 + channel] = UInt8(clamping: sum >> TriangleTaps.precision)
                }
            }
        }
        return Image(width: newWidth, height: height, pixels: result)
    }

    private func transposed() -> Image {
        var result = [UInt8](repeating: 0, count: pixels.count)
        for row in 0..<height {
            for column in 0..<width {
                for channel in 0..<3 {
                    result[(column * height + row) * 3 + channel] = pixels[(row * width + column) * 3 + channel]
                }
            }
        }
        return Image(width: height, height: width, pixels: result)
    }
}

/// For each target pixel of a row: the first source pixel, and fixed-point weights of it and its successors.
private struct TriangleTaps {
    /// Fractional bits of the weights.
    static let precision = 22
    static let half = 1 << (precision - 1)
    private let taps: [(first: Int, weights: [Int])]

    init(from length: Int, to count: Int) {
        let scale = Double(length) / Double(count)
        let reach = max(scale, 1)
        taps = (0..<count).map { target in
            let center = (Double(target) + 0.5) * scale
            let first = max(0, Int(center - reach + 0.5))
            let end = min(length, Int(center + reach + 0.5))
            let raw = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - center) / reach)) }
            let total = raw.reduce(0, +)
            return (
                first, raw.map { Int(($0 / total * Double(1 << Self.precision)).rounded(.toNearestOrAwayFromZero)) }
            )
        }
    }

    subscript(target: Int) -> (first: Int, weights: [Int]) { taps[target] }
}
