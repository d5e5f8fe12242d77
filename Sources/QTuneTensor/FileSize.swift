#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The bytes of a file. What FileManager gives as a size is of a type that depends on the libraries in the process.
package enum FileSize {
    package static func ofFile(at path: String) throws -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else { throw QTuneError.system("'\(path)' cannot be read", errno: errno) }
        return Int(status.st_size)
    }
}
