/// Reads Windows and OS/2 bitmaps (BMP): 1 to 32 bits a pixel, plain or run-length encoded.
struct BitmapReader {
    private enum Compression: Int { case none, runs8, runs4, masks, masksWithAlpha = 6 }

    private let source: EncodedBytes
    private let width: Int
    private let height: Int
    private let isTopDown: Bool
    private let bits: Int
    private let compression: Compression
    /// Where the pixels start.
    private let start: Int
    /// Red, green and blue of each colour.
    private let palette: [UInt8]
    /// The bits of red, green and blue in a pixel of 16 or 32 bits.
    private let masks: [Int]

    /// Bytes in front of the header that says what the picture is.
    private static let fileHeader = 14

    init(_ bytes: [UInt8]) throws {
        source = EncodedBytes(bytes: bytes)
        start = try source.long(at: 10)
        let header = try source.long(at: Self.fileHeader)
        let isOld = header == 12
        guard isOld || (40...1024).contains(header) else {
            throw PictureFailure.damaged("its header of \(header) bytes is unknown")
        }
        func signed(_ value: Int) -> Int { Int(Int32(truncatingIfNeeded: value)) }
        width = isOld ? try source.short(at: 18) : signed(try source.long(at: 18))
        let rows = isOld ? try source.short(at: 20) : signed(try source.long(at: 22))
        height = abs(rows)
        isTopDown = rows < 0
        bits = try source.short(at: isOld ? 24 : 28)
        let code = isOld ? 0 : try source.long(at: 30)
        guard let compression = Compression(rawValue: code) else {
            throw PictureFailure.damaged("its compression \(code) is unknown")
        }
        self.compression = compression
        try Picture.checkSize(width, height)
        let hasMasks = compression == .masks || compression == .masksWithAlpha
        let fits: [Int] =
            switch compression {
            case .none: [1, 4, 8, 16, 24, 32]
            case .runs8: [8]
            case .runs4: [4]
            case .masks, .masksWithAlpha: [16, 32]
            }
        guard fits.contains(bits), !(isTopDown && [.runs8, .runs4].contains(compression)) else {
            throw PictureFailure.damaged("\(bits) bits a pixel do not go with its compression")
        }
        masks =
            hasMasks
            ? try (0..<3).map { [source] in try source.long(at: Self.fileHeader + 40 + 4 * $0) }
            : bits == 16 ? [0x7C00, 0x03E0, 0x001F] : [0xFF0000, 0x00FF00, 0x0000FF]
        let colours = Self.fileHeader + header + (hasMasks && header == 40 ? (code == 6 ? 16 : 12) : 0)
        palette = try bits > 8 ? [] : Self.palette(source, at: colours, bits: bits, isOld: isOld)
    }

    /// The colours that indices of `bits` stand for.
    private static func palette(_ source: EncodedBytes, at offset: Int, bits: Int, isOld: Bool) throws -> [UInt8] {
        let used = isOld ? 0 : try source.long(at: 46)
        let count = (1...1 << bits).contains(used) ? used : 1 << bits
        let width = isOld ? 3 : 4
        try source.check(count * width, from: offset)
        return (0..<count).flatMap { index in
            let entry = offset + index * width
            return [source.bytes[entry + 2], source.bytes[entry + 1], source.bytes[entry]]
        }
    }

    func picture() throws -> Picture {
        let pixels: [UInt8]
        switch compression {
        case .runs8, .runs4: pixels = try colours(of: expandedRuns())
        case .none, .masks, .masksWithAlpha: pixels = try bits <= 8 ? colours(of: indices()) : directPixels()
        }
        return Picture(width: width, height: height, pixels: pixels)
    }

    /// Where row `row` of the picture, from the top, is stored.
    private func stored(_ row: Int) -> Int { isTopDown ? row : height - 1 - row }

    /// Bytes of a stored row, which fill up to four.
    private var rowBytes: Int { (bits * width + 31) / 32 * 4 }

    private func colours(of indices: [UInt8]) throws -> [UInt8] {
        let count = palette.count / 3
        if let index = indices.first(where: { Int($0) >= count }) {
            throw PictureFailure.damaged("it has no colour \(index)")
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(3 * indices.count)
        for index in indices {
            for part in 0..<3 { pixels.append(palette[3 * Int(index) + part]) }
        }
        return pixels
    }

    private func indices() throws -> [UInt8] {
        try source.check(rowBytes * height, from: start)
        let mask = UInt8((1 << bits) - 1)
        var indices: [UInt8] = []
        indices.reserveCapacity(width * height)
        for row in 0..<height {
            let first = start + stored(row) * rowBytes
            for column in 0..<width {
                let bit = column * bits
                indices.append(source.bytes[first + bit / 8] >> UInt8(8 - bits - bit % 8) & mask)
            }
        }
        return indices
    }

    /// Pixels that hold their colours, lowest byte first.
    private func directPixels() throws -> [UInt8] {
        try source.check(rowBytes * height, from: start)
        let width = bits / 8
        let fields = masks.map { mask in (mask: mask, shift: mask == 0 ? 0 : mask.trailingZeroBitCount) }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(self.width * height * 3)
        for row in 0..<height {
            let first = start + stored(row) * rowBytes
            for column in 0..<self.width {
                let pixel = (0..<width).reduce(0) { $0 | Int(source.bytes[first + column * width + $1]) << (8 * $1) }
                for field in fields {
                    let largest = field.mask >> field.shift
                    pixels.append(largest == 0 ? 0 : UInt8((pixel & field.mask) >> field.shift * 255 / largest))
                }
            }
        }
        return pixels
    }

    /// More than a byte of runs stands for, even where jumps leave whole rows empty.
    private static let pixelsPerByte = 1 << 16

    /// The indices of a run-length encoded picture; what no run covers has index 0.
    private func expandedRuns() throws -> [UInt8] {
        guard width * height / Self.pixelsPerByte < source.bytes.count else {
            throw PictureFailure.damaged("its \(source.bytes.count) bytes cannot fill \(width) x \(height) pixels")
        }
        var indices = [UInt8](repeating: 0, count: width * height)
        var (offset, x, y) = (start, 0, 0)
        func put(_ index: Int) {
            if x < width, y < height { indices[stored(y) * width + x] = UInt8(index) }
            x += 1
        }
        /// Index number `number` of those packed from `offset` on.
        func packed(_ number: Int, _ offset: Int) throws -> Int {
            guard bits == 4 else { return try source.byte(at: offset + number) }
            return try source.byte(at: offset + number / 2) >> (number % 2 == 0 ? 4 : 0) & 15
        }
        while true {
            let (count, value) = (try source.byte(at: offset), try source.byte(at: offset + 1))
            offset += 2
            if count > 0 {
                for number in 0..<count { put(try packed(bits == 4 ? number % 2 : 0, offset - 1)) }
            } else if value == 0 {
                (x, y) = (0, y + 1)
            } else if value == 1 {
                return indices
            } else if value == 2 {
                (x, y) = (x + (try source.byte(at: offset)), y + (try source.byte(at: offset + 1)))
                offset += 2
            } else {
                for number in 0..<value { put(try packed(number, offset)) }
                let byteCount = bits == 4 ? (value + 1) / 2 : value
                offset += (byteCount + 1) / 2 * 2
            }
        }
    }
}
