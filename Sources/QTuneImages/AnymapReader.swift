/// Reads portable bitmaps, greymaps and pixmaps (P1 to P6), as text or as bytes.
struct AnymapReader {
    private let source: EncodedBytes
    private var offset = 2

    /// The picture in `bytes`, which begin with P1 to P6.
    static func picture(_ bytes: [UInt8]) throws -> Picture {
        let source = EncodedBytes(bytes: bytes, isBigEndian: true)
        var reader = AnymapReader(source: source)
        let kind = try source.byte(at: 1) - 0x30
        return try reader.read(isText: kind <= 3, channels: kind % 3 == 0 ? 3 : 1, isBitmap: kind % 3 == 1)
    }

    private init(source: EncodedBytes) { self.source = source }

    private mutating func read(isText: Bool, channels: Int, isBitmap: Bool) throws -> Picture {
        let (width, height) = (try number(), try number())
        try Picture.checkSize(width, height)
        let largest = isBitmap ? 1 : try number()
        guard (1...65535).contains(largest) else { throw PictureFailure.damaged("its largest value is \(largest)") }
        let count = width * height * channels
        var samples: [UInt8]
        if isText {
            // Each sample takes a byte at least.
            try source.check(count, from: offset)
            samples = []
            samples.reserveCapacity(count)
            for _ in 0..<count { samples.append(Self.scaled(isBitmap ? try digit() : try number(), largest)) }
        } else {
            offset += 1
            samples = try isBitmap ? packed(width, height) : plain(count, largest)
        }
        // In bitmaps 1 is black.
        if isBitmap { samples = samples.map { 255 - $0 } }
        return Picture(
            width: width, height: height, pixels: channels == 3 ? samples : samples.flatMap { [$0, $0, $0] })
    }

    private static func scaled(_ value: Int, _ largest: Int) -> UInt8 {
        UInt8((min(value, largest) * 255 + largest / 2) / largest)
    }

    /// Samples of one byte, or two where one does not hold them.
    private func plain(_ count: Int, _ largest: Int) throws -> [UInt8] {
        let width = largest > 255 ? 2 : 1
        try source.check(count * width, from: offset)
        return try (0..<count).map {
            Self.scaled(try width == 2 ? source.short(at: offset + 2 * $0) : source.byte(at: offset + $0), largest)
        }
    }

    /// Samples of one bit, highest first, rows filled up to whole bytes.
    private func packed(_ width: Int, _ height: Int) throws -> [UInt8] {
        let rowBytes = (width + 7) / 8
        try source.check(rowBytes * height, from: offset)
        return try (0..<height).flatMap { row in
            try (0..<width).map { column in
                let byte = try source.byte(at: offset + row * rowBytes + column / 8)
                return byte >> (7 - column % 8) & 1 == 1 ? 255 : 0
            }
        }
    }

    /// The next number of the header or of the samples.
    private mutating func number() throws -> Int {
        try skipSpace()
        var value = 0
        var digits = 0
        while source.bytes.indices.contains(offset), (0x30...0x39).contains(source.bytes[offset]) {
            value = value * 10 + Int(source.bytes[offset]) - 0x30
            guard value <= Int(Int32.max) else { throw PictureFailure.damaged("a number in it is too large") }
            digits += 1
            offset += 1
        }
        guard digits > 0 else { throw PictureFailure.damaged("a number is missing") }
        return value
    }

    /// The next sample of a bitmap; no space need follow.
    private mutating func digit() throws -> Int {
        try skipSpace()
        let value = try source.byte(at: offset) - 0x30
        guard value == 0 || value == 1 else { throw PictureFailure.damaged("a bit in it is neither 0 nor 1") }
        offset += 1
        return value
    }

    /// Skips space, and comments up to the end of their line.
    private mutating func skipSpace() throws {
        while true {
            let byte = try source.byte(at: offset)
            if byte == 0x23 {
                while try source.byte(at: offset) != 0x0A { offset += 1 }
            } else if byte != 0x20, !(0x09...0x0D).contains(byte) {
                return
            }
            offset += 1
        }
    }
}
