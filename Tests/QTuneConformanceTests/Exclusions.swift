import Foundation
import Testing

/// The cases that are known not to pass, with the reasons, as `exclusions.txt` lists them.
struct Exclusions {
    private let entries: [(pattern: String, reason: String)]

    init() throws {
        let path = try #require(Bundle.module.path(forResource: "exclusions", ofType: "txt"))
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").filter {
            !$0.hasPrefix("#")
        }
        entries = try lines.map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            try #require(parts.count == 2, "a pattern and a reason are due, not '\(line)'")
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
    }

    /// Why a case is excluded; nil where it is not.
    func reason(for name: String) -> String? {
        entries.first { fnmatch($0.pattern, name, 0) == 0 }?.reason
    }
}
