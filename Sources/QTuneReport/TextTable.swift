/// A table for terminals: columns as wide as their widest cell, numbers to the right.
public struct TextTable: Sendable {
    public enum Alignment: Sendable { case left, right }

    private let header: [String]
    private let alignment: [Alignment]
    private var rows: [[String]] = []

    public init(_ columns: [(title: String, alignment: Alignment)]) {
        header = columns.map(\.title)
        alignment = columns.map(\.alignment)
    }

    /// Adds a row with a cell for every column.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count == header.count, "\(cells.count) cells for \(header.count) columns")
        rows.append(cells)
    }

    /// The lines, header first.
    public var lines: [String] {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { cells in
            let padded = cells.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - cells[column].count)
                return alignment[column] == .right ? space + cells[column] : cells[column] + space
            }
            return padded.joined(separator: "  ").trimmedAtEnd
        }
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        var copy = self
        while copy.last == " " { copy.removeLast() }
        return copy
    }
}
