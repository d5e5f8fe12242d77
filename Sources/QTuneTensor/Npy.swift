/// Reads and writes NumPy's files of one array (`.npy`, format versions 1 to 3). Strings are read only.
public enum Npy {
    /// The array in the file at `path`. Large arrays stay mapped from the file, which must not be written to meanwhile.
    public static func read(path: String) throws -> Tensor {
        try locating(path) {
            let file = try MappedFile(path: path)
            defer { withExtendedLifetime(file) {} }
            let header = try NpyHeader(file.bytes)
            if header.isPlain,
                let tensor = file.tensor(
                    dtype: header.dtype, shape: header.shape, offset: header.dataOffset)
            {
                return tensor
            }
            return try tensor(header, in: file.bytes)
        }
    }

    /// The array in the bytes of a file.
    public static func decode(_ bytes: [UInt8]) throws -> Tensor { try bytes.withUnsafeBytes(decode) }

    package static func decode(_ bytes: UnsafeRawBufferPointer) throws -> Tensor {
        try tensor(NpyHeader(bytes), in: bytes)
    }

    /// The bytes of a file with this array. Types that NumPy does not have (strings, bfloat16, 8-bit floats, types
    /// below 8 bits) are an error.
    public static func encode(_ tensor: Tensor) throws -> [UInt8] {
        var bytes = try NpyHeader.encode(tensor.dtype, tensor.shape)
        bytes.reserveCapacity(bytes.count + tensor.byteCount)
        bytes.append(contentsOf: tensor.rawBytes)
        return bytes
    }

    /// Writes the array to `path`, replacing the file there.
    public static func write(_ tensor: Tensor, to path: String) throws {
        let header = try locating(path) { try NpyHeader.encode(tensor.dtype, tensor.shape) }
        let file = try AtomicFile(path: path)
        try header.withUnsafeBytes { try file.write($0) }
        try file.write(tensor.rawBytes)
        try file.commit()
    }

    private static func tensor(_ header: NpyHeader, in bytes: UnsafeRawBufferPointer) throws -> Tensor {
        let (dtype, shape) = (header.dtype, header.shape)
        let available = bytes.count - header.dataOffset
        guard let count = header.byteCount, count <= available else {
            throw QTuneError(
                .invalidData, "\(dtype)\(shape) does not fit in the \(available) bytes that follow the header",
                remedy: "the file is cut off; write it again")
        }
        let data = UnsafeRawBufferPointer(rebasing: bytes[header.dataOffset..<header.dataOffset + count])
        if header.isPlain { return Tensor(copying: data, dtype: dtype, shape: shape) }
        var elements = [UInt8](data)
        if header.isBigEndian { swapBytes(of: &elements, width: header.swapWidth) }
        if header.isFortranOrder { elements = rowMajor(elements, shape, width: header.width) }
        if dtype == .string { return try NpyText.tensor(elements, width: header.width, shape: shape) }
        return elements.withUnsafeBytes { Tensor(copying: $0, dtype: dtype, shape: shape) }
    }

    private static func swapBytes(of elements: inout [UInt8], width: Int) {
        for start in stride(from: 0, to: elements.count, by: width) {
            for offset in 0..<width / 2 { elements.swapAt(start + offset, start + width - 1 - offset) }
        }
    }

    /// Elements whose first axis runs fastest, put in the order in which the last one does.
    private static func rowMajor(_ elements: [UInt8], _ shape: Shape, width: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(elements.count)
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in 1..<max(1, shape.rank) { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.rank)
        for _ in 0..<shape.elementCount {
            let source = zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * width
            result += elements[source..<source + width]
            for axis in index.indices.reversed() {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
            }
        }
        return result
    }
}
