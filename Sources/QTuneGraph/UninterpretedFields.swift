/// Parts of a model file that the engine does not interpret, kept so that they are written back as they were.
///
/// The bytes are fields of a protobuf message in wire format: what the standard defines and no computation needs, and
/// what newer versions of the standard may add.
public struct UninterpretedFields: Sendable, Hashable {
    package var bytes: [UInt8]

    /// Nothing.
    public init() { bytes = [] }

    package init(bytes: [UInt8]) { self.bytes = bytes }

    public var isEmpty: Bool { bytes.isEmpty }
}
