internal import COnnxProto
internal import QTuneGraph
internal import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// Makes tensors of messages. Large buffers are taken over from the message, not copied.
struct TensorReader {
    let files: ExternalFiles
    /// The file that holds the tensors' large pieces, and where.
    var pieces: (file: MappedFile, outline: WireOutline)?

    typealias Message = UnsafeMutablePointer<Onnx__TensorProto>

    /// The tensor of a message; its buffers may be gone from the message afterwards.
    func tensor(_ proto: Message) throws -> Tensor {
        try locating("tensor '\(text(proto.pointee.name))'") {
            guard let dtype = try TypeReader.elementType(proto.pointee.data_type) else {
                throw QTuneError(.invalidModel, "the element type is missing")
            }
            let shape = try Self.shape(numbers(proto.pointee.n_dims, proto.pointee.dims))
            guard proto.pointee.segment == nil else {
                throw QTuneError(
                    .unsupported, "the tensor is split into segments", remedy: "save the model in one piece")
            }
            if proto.pointee.has_data_location != 0,
                proto.pointee.data_location == ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL
            {
                return try external(proto, dtype, shape)
            }
            return dtype == .string ? try strings(proto, shape) : try inline(proto, dtype, shape)
        }
    }

    /// A sparse tensor, whose indices all lie inside its dimensions.
    func sparseTensor(_ proto: UnsafeMutablePointer<Onnx__SparseTensorProto>) throws -> SparseTensor {
        guard let valuesProto = proto.pointee.values else {
            throw QTuneError(.invalidModel, "a sparse tensor has no values")
        }
        return try locating("sparse tensor '\(text(valuesProto.pointee.name))'") {
            let shape = try Self.shape(numbers(proto.pointee.n_dims, proto.pointee.dims))
            let values = try tensor(valuesProto)
            guard let indicesProto = proto.pointee.indices else {
                guard values.count == 0 else { throw QTuneError(.invalidModel, "the indices are missing") }
                return SparseTensor(values: values, indices: Tensor([Int64]()), dimensions: shape.dimensions)
            }
            let sparse = SparseTensor(
                values: values, indices: try tensor(indicesProto), dimensions: shape.dimensions)
            try Self.check(sparse, shape)
            return sparse
        }
    }

    private static func check(_ sparse: SparseTensor, _ shape: Shape) throws {
        let count = sparse.values.count
        let indices = sparse.indices
        let isLinear = indices.shape == [count]
        guard indices.dtype == .int64, sparse.values.shape.rank == 1, isLinear || indices.shape == [count, shape.rank]
        else {
            throw QTuneError(
                .invalidModel, "indices \(indices.dtype)\(indices.shape) do not fit \(count) values in \(shape)")
        }
        let ends = isLinear ? [shape.elementCount] : shape.dimensions
        let isInside = indices.array(of: Int64.self).enumerated().allSatisfy { position, index in
            index >= 0 && index < ends[position % ends.count]
        }
        guard isInside else { throw QTuneError(.invalidModel, "an index lies outside of \(shape)") }
    }

    private static func shape(_ dimensions: [Int64]) throws -> Shape {
        let lengths = dimensions.compactMap { Int(exactly: $0) }
        guard lengths.count == dimensions.count, let shape = Shape(checking: lengths) else {
            throw QTuneError(.invalidModel, "the dimensions \(dimensions) are negative or too large")
        }
        return shape
    }
}

extension TensorReader {
    private func external(_ proto: Message, _ dtype: DType, _ shape: Shape) throws -> Tensor {
        guard dtype != .string else { throw QTuneError(.invalidModel, "strings cannot be kept in other files") }
        let entries = dictionary(proto.pointee.n_external_data, proto.pointee.external_data)
        guard let location = entries["location"] else {
            throw QTuneError(.invalidModel, "the tensor is kept in another file, and the file's name is missing")
        }
        func number(_ key: String) throws -> Int? {
            guard let text = entries[key] else { return nil }
            guard let value = Int(text), value >= 0 else {
                throw QTuneError(.invalidModel, "the \(key) '\(text)' of external data is not a number of bytes")
            }
            return value
        }
        return try files.tensor(
            dtype: dtype, shape: shape, location: location, offset: try number("offset") ?? 0,
            length: try number("length"))
    }

    private func strings(_ proto: Message, _ shape: Shape) throws -> Tensor {
        let message = proto.pointee
        guard message.n_string_data == shape.elementCount else {
            throw mismatch(message.n_string_data, "strings", .string, shape)
        }
        let elements = try numbers(message.n_string_data, message.string_data).map { bytes in
            guard let element = String(validating: byteArray(bytes), as: UTF8.self) else {
                throw QTuneError(.invalidModel, "a string is not UTF-8")
            }
            return element
        }
        return Tensor(strings: elements, shape: shape)
    }

    /// A tensor whose elements are in the message: as bytes, or in the one list that holds its type.
    private func inline(_ proto: Message, _ dtype: DType, _ shape: Shape) throws -> Tensor {
        let message = proto.pointee
        guard let byteCount = dtype.byteCount(elements: shape.elementCount) else {
            throw QTuneError(.invalidModel, "\(dtype)\(shape) takes more bytes than there are")
        }
        let piece = pieces?.outline.piece(of: message.base)
        let filled = [
            piece?.count ?? 0, message.raw_data.len, message.n_float_data, message.n_int32_data, message.n_int64_data,
            message.n_uint64_data, message.n_double_data, message.n_string_data,
        ].filter { $0 > 0 }
        guard filled.count <= 1 else { throw QTuneError(.invalidModel, "the elements are given twice") }
        if byteCount == 0, filled.isEmpty { return Tensor(uninitialized: dtype, shape: shape) }
        if let piece, let file = pieces?.file {
            guard piece.count == byteCount,
                let tensor = file.tensor(dtype: dtype, shape: shape, offset: piece.lowerBound)
            else { throw mismatch(piece.count, "bytes", dtype, shape) }
            return tensor
        }
        if message.raw_data.len > 0 {
            guard message.raw_data.len == byteCount else { throw mismatch(message.raw_data.len, "bytes", dtype, shape) }
            return take(&proto.pointee.raw_data.data, &proto.pointee.raw_data.len, dtype, shape)
        }
        switch dtype {
        case .float32, .complex64:
            return try list(&proto.pointee.float_data, &proto.pointee.n_float_data, dtype, shape, byteCount)
        case .float64, .complex128:
            return try list(&proto.pointee.double_data, &proto.pointee.n_double_data, dtype, shape, byteCount)
        case .int64: return try list(&proto.pointee.int64_data, &proto.pointee.n_int64_data, dtype, shape, byteCount)
        case .uint64: return try list(&proto.pointee.uint64_data, &proto.pointee.n_uint64_data, dtype, shape, byteCount)
        case .int32: return try list(&proto.pointee.int32_data, &proto.pointee.n_int32_data, dtype, shape, byteCount)
        case .uint32:
            return try narrowed(
                numbers(message.n_uint64_data, message.uint64_data), to: UInt32.self, dtype, shape, byteCount)
        default:
            let elements = numbers(message.n_int32_data, message.int32_data)
            if dtype.bitWidth == 6 { return try packed(elements, dtype, shape) }
            // Other types below 8 bits come packed, a byte in each number.
            return dtype.bitWidth == 16
                ? try narrowed(elements, to: UInt16.self, dtype, shape, byteCount)
                : try narrowed(elements, to: UInt8.self, dtype, shape, byteCount)
        }
    }

    /// A tensor of a list whose numbers have the width that the tensor stores.
    private func list<Number>(
        _ data: inout UnsafeMutablePointer<Number>?, _ count: inout Int, _ dtype: DType, _ shape: Shape,
        _ byteCount: Int
    ) throws -> Tensor {
        guard count == byteCount / MemoryLayout<Number>.stride else { throw mismatch(count, "numbers", dtype, shape) }
        return take(&data, &count, dtype, shape)
    }

    /// A tensor of a list whose numbers are wider than what the tensor stores.
    private func narrowed<Wide: BinaryInteger, Stored: FixedWidthInteger>(
        _ elements: [Wide], to type: Stored.Type, _ dtype: DType, _ shape: Shape, _ byteCount: Int
    ) throws -> Tensor {
        guard elements.count == byteCount / MemoryLayout<Stored>.stride else {
            throw mismatch(elements.count, "numbers", dtype, shape)
        }
        return elements.map { Stored(truncatingIfNeeded: $0) }.withUnsafeBytes {
            Tensor(copying: $0, dtype: dtype, shape: shape)
        }
    }

    /// A tensor of 6-bit elements, of which each number is one.
    private func packed(_ elements: [Int32], _ dtype: DType, _ shape: Shape) throws -> Tensor {
        guard elements.count == shape.elementCount else { throw mismatch(elements.count, "numbers", dtype, shape) }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: elements.count, by: 4) {
            let group = elements[start..<min(start + 4, elements.count)]
            let bits = group.reversed().reduce(UInt32(0)) { $0 << 6 | UInt32(bitPattern: $1) & 63 }
            let used = (group.count * 6 + 7) / 8
            bytes += (0..<used).map { UInt8(truncatingIfNeeded: bits >> UInt32(8 * $0)) }
        }
        return bytes.withUnsafeBytes { Tensor(copying: $0, dtype: dtype, shape: shape) }
    }

    /// A tensor over the message's own buffer, which the message loses; a copy of a small buffer.
    private func take<Element>(
        _ data: inout UnsafeMutablePointer<Element>?, _ count: inout Int, _ dtype: DType, _ shape: Shape
    ) -> Tensor {
        let byteCount = count * MemoryLayout<Element>.stride
        guard let start = data, byteCount >= UnpackingMemory.alignedFrom, dtype != .bool else {
            return Tensor(copying: UnsafeRawBufferPointer(start: data, count: byteCount), dtype: dtype, shape: shape)
        }
        data = nil
        count = 0
        let base = UnsafeMutableRawPointer(start)
        let storage = TensorStorage(foreign: base, byteCount: byteCount) { free(base) }
        return Tensor(dtype: dtype, shape: shape, storage: storage)
    }

    private func mismatch(_ found: Int, _ unit: String, _ dtype: DType, _ shape: Shape) -> QTuneError {
        QTuneError(.invalidModel, "\(found) \(unit) do not fill \(dtype)\(shape)")
    }
}
