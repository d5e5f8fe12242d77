internal import COnnxProto
internal import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The memory that protobuf-c unpacks into: bounded, and aligned so that tensors can take large buffers over as they
/// are.
///
/// Every block comes from the C library, so `free` releases it, also after this object is gone.
final class UnpackingMemory {
    /// Blocks of at least so many bytes are aligned and padded as `TensorStorage` is.
    static let alignedFrom = 1024

    private var remaining: Int

    /// Memory for unpacking a message of `count` bytes. A well-formed model takes a few times its size: the worst
    /// honest case is a list of small numbers, each two bytes in the file and some forty while it is read.
    init(messageBytes count: Int) {
        let (scaled, overflow) = count.multipliedReportingOverflow(by: 64)
        remaining = overflow ? .max : scaled.addingReportingOverflow(1 << 28).overflow ? .max : scaled + 1 << 28
    }

    /// Calls `body` with this memory as protobuf-c wants it, valid until `body` returns.
    func withAllocator<Result>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> Result) -> Result {
        var allocator = ProtobufCAllocator(
            alloc: { memory, size in
                guard let memory else { return nil }
                return Unmanaged<UnpackingMemory>.fromOpaque(memory).takeUnretainedValue().allocate(size)
            },
            free: { _, block in free(block) },
            allocator_data: Unmanaged.passUnretained(self).toOpaque())
        return withExtendedLifetime(self) { withUnsafeMutablePointer(to: &allocator, body) }
    }

    private func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        guard size >= 0, size <= remaining else { return nil }
        remaining -= size
        guard size >= Self.alignedFrom else { return malloc(max(size, 1)) }
        let (padded, overflow) = size.addingReportingOverflow(TensorStorage.readablePadding)
        var block: UnsafeMutableRawPointer?
        guard !overflow, posix_memalign(&block, TensorStorage.alignment, padded) == 0 else { return nil }
        return block
    }
}

/// A message in protobuf-c's structures, freed with this object but for what tensors have taken over.
final class UnpackedMessage<Message> {
    let pointer: UnsafeMutablePointer<Message>
    /// What was not unpacked, but left in place.
    let outline: WireOutline
    private let memory: UnpackingMemory

    /// Unpacks `bytes`, which are checked first.
    convenience init(_ bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>?) throws {
        guard let descriptor else { throw QTuneError(.internalError, "the message has no description") }
        try WireCheck.check(bytes, as: descriptor)
        try self.init(checked: bytes, descriptor, outline: WireOutline())
    }

    /// Unpacks what `file` holds, but for the large pieces of its tensors, which `outline` knows.
    convenience init(outlineOf file: MappedFile, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>?) throws {
        guard let descriptor else { throw QTuneError(.internalError, "the message has no description") }
        let outline = try WireCheck.outline(file.bytes, as: descriptor)
        try self.init(checked: file.bytes, descriptor, outline: outline)
    }

    private init(
        checked bytes: UnsafeRawBufferPointer, _ descriptor: UnsafePointer<ProtobufCMessageDescriptor>,
        outline: WireOutline
    ) throws {
        let memory = UnpackingMemory(messageBytes: bytes.count)
        let unpack = { (bytes: UnsafeRawBufferPointer) in
            memory.withAllocator {
                protobuf_c_message_unpack(
                    descriptor, $0, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            }
        }
        let unpacked =
            outline.pieces.isEmpty ? unpack(bytes) : outline.applied(to: bytes).withUnsafeBytes { unpack($0) }
        guard let unpacked else {
            throw QTuneError(
                .invalidModel, "the messages in the file are not well-formed, or take more memory than any sound file",
                remedy: "the file is damaged or is not ONNX; fetch it again")
        }
        self.outline = outline
        self.memory = memory
        pointer = UnsafeMutableRawPointer(unpacked).assumingMemoryBound(to: Message.self)
    }

    deinit {
        let message = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: ProtobufCMessage.self)
        memory.withAllocator { protobuf_c_message_free_unpacked(message, $0) }
    }
}
