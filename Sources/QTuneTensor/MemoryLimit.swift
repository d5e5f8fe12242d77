#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// What tensors may take of the machine's memory. Sizes in a model come from outside: one that no machine could hold is
/// an error, not the end of the process.
package enum MemoryLimit {
    /// The machine's memory in bytes.
    package static let physical: Int = {
        let (pages, pageSize) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageSize)
        return pages > 0 && pageSize > 0 && !overflow ? bytes : 1 << 34
    }()

    /// Elements are counted at this width at least, since narrow types are computed with in wider ones.
    private static let workingBytes = 8

    /// Throws where a tensor, or a working copy of it in a wide type, does not fit into half of the memory.
    package static func check(_ dtype: DType, _ shape: Shape) throws {
        guard let elements = Shape(checking: shape.dimensions)?.elementCount,
            let bytes = dtype.byteCount(elements: elements), bytes <= physical / 2,
            elements <= physical / 2 / workingBytes
        else {
            throw QTuneError(
                .invalidInput, "a result of shape \(shape) is too large to hold in memory",
                remedy: "this machine has \(physical >> 20) MiB")
        }
    }
}
