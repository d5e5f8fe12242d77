internal import COnnxProto
internal import QTuneTensor

/// Streams a message into a file, so that no second copy of the weights is made.
final class FileSink {
    private let file: AtomicFile
    private var failure: (any Error)?

    /// protobuf-c's interface with the object behind it.
    private struct Buffer {
        var base: ProtobufCBuffer
        var sink: Unmanaged<FileSink>
    }

    init(_ file: AtomicFile) { self.file = file }

    func put(_ message: UnsafePointer<ProtobufCMessage>) throws {
        var buffer = Buffer(
            base: ProtobufCBuffer(append: { buffer, count, data in
                guard let buffer else { return }
                let sink = UnsafeMutableRawPointer(buffer).load(
                    fromByteOffset: MemoryLayout<Buffer>.offset(of: \.sink) ?? 0, as: Unmanaged<FileSink>.self)
                sink.takeUnretainedValue().append(UnsafeRawBufferPointer(start: data, count: count))
            }), sink: Unmanaged.passUnretained(self))
        withUnsafeMutablePointer(to: &buffer) { pointer in
            let base = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: ProtobufCBuffer.self)
            _ = protobuf_c_message_pack_to_buffer(message, base)
        }
        if let failure { throw failure }
    }

    private func append(_ bytes: UnsafeRawBufferPointer) {
        guard failure == nil else { return }
        do { try file.write(bytes) } catch { failure = error }
    }
}
