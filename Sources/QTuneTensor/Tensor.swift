/// A dense, row-major, n-dimensional array of one element type.
///
/// A tensor is a value whose bytes are shared by copies. Bytes are written while a tensor is made (`init` with an
/// initializer, or `withMutableBytes` by the one who made it) and only read afterwards.
public struct Tensor: Sendable {
    /// What the copies of a tensor share: a copy counts one reference, and not one for each part.
    @usableFromInline let contents: Contents

    @usableFromInline final class Contents: @unchecked Sendable {
        @usableFromInline let dtype: DType
        @usableFromInline let shape: Shape
        /// nil for strings.
        @usableFromInline let storage: TensorStorage?
        /// The first byte, aligned, where the storage has it so: it is found without looking there.
        let base: UnsafeMutableRawPointer?
        let strings: [String]

        init(_ dtype: DType, _ shape: Shape, _ storage: TensorStorage?, strings: [String] = []) {
            (self.dtype, self.shape, self.storage, self.strings) = (dtype, shape, storage, strings)
            base = storage.flatMap { $0.isAligned ? $0.base : nil }
        }
    }

    @inlinable public var dtype: DType { contents.dtype }
    @inlinable public var shape: Shape { contents.shape }

    /// A tensor over `storage`, which holds at least the bytes that `shape` needs.
    package init(dtype: DType, shape: Shape, storage: TensorStorage) {
        precondition(dtype != .string, "strings have no byte storage")
        precondition((dtype.byteCount(elements: shape.elementCount) ?? .max) <= storage.byteCount, "storage too small")
        contents = Contents(dtype, shape, storage)
    }

    /// A tensor of `shape` whose bytes are not initialised yet.
    package init(uninitialized dtype: DType, shape: Shape) {
        let count = dtype.byteCount(elements: shape.elementCount) ?? 0
        self.init(dtype: dtype, shape: shape, storage: TensorStorage(byteCount: count))
    }

    /// A tensor of `shape` with all bytes 0.
    public init(zeros dtype: DType, shape: Shape) {
        if dtype == .string {
            self.init(strings: [String](repeating: "", count: shape.elementCount), shape: shape)
            return
        }
        self.init(uninitialized: dtype, shape: shape)
        withMutableBytes { bytes in
            for index in bytes.indices { bytes[index] = 0 }
        }
    }

    /// A tensor of strings, in row-major order.
    public init(strings: [String], shape: Shape) {
        precondition(strings.count == shape.elementCount, "\(strings.count) strings do not fill \(shape)")
        contents = Contents(.string, shape, nil, strings: strings)
    }

    /// A tensor of `shape` with `elements` in row-major order.
    public init<Element: TensorElement>(_ elements: [Element], shape: Shape) {
        precondition(elements.count == shape.elementCount, "\(elements.count) elements do not fill \(shape)")
        self.init(uninitialized: Element.dtype, shape: shape)
        elements.withUnsafeBytes { source in
            address.copyMemory(from: source.baseAddress ?? UnsafeRawPointer(address), byteCount: source.count)
        }
    }

    /// A one-dimensional tensor.
    public init<Element: TensorElement>(_ elements: [Element]) { self.init(elements, shape: [elements.count]) }

    /// A tensor without axes.
    public init<Element: TensorElement>(scalar: Element) { self.init([scalar], shape: .scalar) }

    /// A tensor whose elements `initialize` writes, each of them.
    public init<Element: TensorElement, Failure: Error>(
        _ type: Element.Type, shape: Shape,
        initializingWith initialize: (inout MutableSpan<Element>) throws(Failure) -> Void
    ) throws(Failure) {
        self.init(uninitialized: Element.dtype, shape: shape)
        try withMutableSpan(of: Element.self, initialize)
    }
}

extension Tensor {
    /// The number of elements.
    public var count: Int { shape.elementCount }

    /// Bytes that the elements take; of strings, their UTF-8.
    public var byteCount: Int {
        dtype == .string ? strings.reduce(0) { $0 + $1.utf8.count } : dtype.byteCount(elements: count) ?? 0
    }

    /// Whether one of the two was made by copying the other.
    package func isCopy(of other: Tensor) -> Bool { contents === other.contents }

    /// The bytes behind the tensor; nil for strings.
    @inlinable package var storage: TensorStorage? { contents.storage }

    /// The bytes where they lie, aligned or not; none of strings. Whoever uses them keeps the tensor alive.
    package var rawBytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: storage?.bytes.baseAddress, count: storage == nil ? 0 : byteCount)
    }

    /// The address of the first byte, aligned. Whoever uses it keeps the tensor alive.
    package var address: UnsafeMutableRawPointer {
        if let base = contents.base { return base }
        guard let storage else { preconditionFailure("a tensor of strings has no bytes") }
        return storage.base
    }

    /// The elements of a tensor of strings; empty for other types.
    public var strings: [String] { contents.strings }

    /// The same elements with another shape of as many elements.
    public func reshaped(to shape: Shape) -> Tensor {
        precondition(shape.elementCount == count, "\(self.shape) does not reshape to \(shape)")
        guard let storage else { return Tensor(strings: strings, shape: shape) }
        return Tensor(dtype: dtype, shape: shape, storage: storage)
    }

    /// The same bytes as another type of the same width (`uint8` as `bool`, for example).
    package func reinterpreted(as dtype: DType) -> Tensor {
        precondition(dtype.bitWidth == self.dtype.bitWidth, "\(self.dtype) and \(dtype) differ in width")
        guard let storage else { return self }
        return Tensor(dtype: dtype, shape: shape, storage: storage)
    }

    /// Calls `body` with the elements.
    /// - Precondition: `Element` is the tensor's element type.
    public func withSpan<Element: TensorElement, Result: ~Copyable, Failure: Error>(
        of type: Element.Type, _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(Element.dtype == dtype, "a \(dtype) tensor read as \(Element.dtype)")
        let pointer = UnsafePointer(address.assumingMemoryBound(to: Element.self))
        let result = try body(unsafe Span(_unsafeStart: pointer, count: count))
        extendLifetime(self)
        return result
    }

    /// Calls `body` with the elements to write. Only the maker of a tensor calls this, before anyone else reads it.
    /// - Precondition: `Element` is the tensor's element type.
    package func withMutableSpan<Element: TensorElement, Result: ~Copyable, Failure: Error>(
        of type: Element.Type, _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(Element.dtype == dtype, "a \(dtype) tensor written as \(Element.dtype)")
        var span = unsafe MutableSpan(_unsafeStart: address.assumingMemoryBound(to: Element.self), count: count)
        let result = try body(&span)
        extendLifetime(self)
        return result
    }

    /// Calls `body` with the raw bytes in row-major order.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(dtype != .string, "a tensor of strings has no bytes")
        let result = try body(unsafe Span(_unsafeElements: rawBytes.assumingMemoryBound(to: UInt8.self)))
        extendLifetime(self)
        return result
    }

    /// Calls `body` with the raw bytes to write. Only the maker of a tensor calls this, before anyone else reads it.
    package func withMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe MutableSpan(
            _unsafeStart: address.assumingMemoryBound(to: UInt8.self), count: byteCount)
        let result = try body(&span)
        extendLifetime(self)
        return result
    }

    /// Copies bytes of `source` to byte `position` on. Only the maker of a tensor calls this, before anyone else reads
    /// it. `source` is read where it lies, so that of a large file only the pages in `range` are.
    package func copyBytes(_ range: Range<Int>, of source: Tensor, to position: Int) {
        precondition(range.lowerBound >= 0 && range.upperBound <= source.byteCount, "bytes outside of the source")
        precondition(position >= 0 && position <= byteCount - range.count, "bytes outside of the tensor")
        guard !range.isEmpty, let start = source.rawBytes.baseAddress else { return }
        (address + position).copyMemory(from: start + range.lowerBound, byteCount: range.count)
    }

    /// The elements as an array.
    /// - Precondition: `Element` is the tensor's element type.
    public func array<Element: TensorElement>(of type: Element.Type) -> [Element] {
        precondition(Element.dtype == dtype, "a \(dtype) tensor read as \(Element.dtype)")
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let target = buffer.baseAddress, count > 0, let source = rawBytes.baseAddress {
                UnsafeMutableRawPointer(target).copyMemory(
                    from: source, byteCount: count * MemoryLayout<Element>.stride)
            }
            initialized = count
        }
    }

    /// The elements of an integer or bool tensor as `Int`, packed types unpacked; nil for other types, and where a
    /// uint64 does not fit.
    public var integers: [Int]? {
        switch dtype {
        case .int64: return array(of: Int64.self).map { Int($0) }
        case .int32: return array(of: Int32.self).map { Int($0) }
        case .int16: return array(of: Int16.self).map { Int($0) }
        case .int8: return array(of: Int8.self).map { Int($0) }
        case .uint32: return array(of: UInt32.self).map { Int($0) }
        case .uint16: return array(of: UInt16.self).map { Int($0) }
        case .uint8: return array(of: UInt8.self).map { Int($0) }
        case .bool: return array(of: Bool.self).map { $0 ? 1 : 0 }
        case .uint64:
            let values = array(of: UInt64.self).compactMap { Int(exactly: $0) }
            return values.count == count ? values : nil
        case .uint4, .int4, .uint2, .int2: return unpackedIntegers()
        default: return nil
        }
    }

    private func unpackedIntegers() -> [Int] {
        let bits = dtype.bitWidth
        let isSigned = dtype == .int4 || dtype == .int2
        let perByte = 8 / bits
        return withBytes { bytes in
            (0..<count).map { index in
                let field = Int(bytes[index / perByte] >> UInt8(index % perByte * bits)) & ((1 << bits) - 1)
                return isSigned && field >= 1 << (bits - 1) ? field - (1 << bits) : field
            }
        }
    }
}

extension Tensor: Equatable {
    /// Same type, same shape, same bytes (so NaN equals itself and 0 differs from -0).
    public static func == (lhs: Tensor, rhs: Tensor) -> Bool {
        guard lhs.dtype == rhs.dtype, lhs.shape == rhs.shape else { return false }
        if lhs.dtype == .string { return lhs.strings == rhs.strings }
        return lhs.withBytes { a in
            rhs.withBytes { b in a.indices.allSatisfy { a[$0] == b[$0] } }
        }
    }
}
