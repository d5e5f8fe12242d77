internal import FoundationEssentials
internal import QTuneImages
public import QTuneTensor

/// A folder of pictures that `ImageDecoder` decodes: with `labels.csv` (columns `file` and `label`), with one folder a
/// class (labels by alphabetical order of the folders), or flat and without labels.
public struct ImageFolder: Dataset {
    private let files: [String]
    public let labels: [Int]?
    /// Names of the classes where folders give them.
    public let classNames: [String]?
    public let preprocessing: Preprocessing
    public let identity: String
    public let place: String?

    public var count: Int { files.count }

    /// Lists the pictures; none is decoded yet.
    public init(path: String, preprocessing: Preprocessing) throws {
        let folder = "folder '\(path)'"
        let listing = try locating(folder) { try FolderListing(path: path) }
        place = folder
        files = listing.files
        labels = listing.labels
        classNames = listing.classNames
        self.preprocessing = preprocessing
        let names = listing.files.map { String($0.dropFirst(path.count)) }
        let labels = (listing.labels ?? []).map(String.init)
        identity = StableHash(zip(names, listing.sizes).map { "\($0):\($1)" } + labels + ["\(preprocessing)"]).text
    }

    public func input(at index: Int) throws -> Tensor {
        try locating("picture '\(files[index])'") {
            try preprocessing.tensor(ImageDecoder.decode(bytes(at: index)))
        }
    }

    public func fingerprint(at index: Int) throws -> StableHash {
        var hash = StableHash()
        hash.update(try locating("picture '\(files[index])'") { try bytes(at: index) })
        return hash
    }

    private func bytes(at index: Int) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: files[index]) else {
            throw QTuneError(.inputOutput, "the file cannot be read")
        }
        return [UInt8](data)
    }
}

/// The pictures of a folder with their labels.
private struct FolderListing {
    var files: [String] = []
    var labels: [Int]?
    var classNames: [String]?
    var sizes: [Int] = []

    init(path: String) throws {
        let table = path + "/labels.csv"
        if FileManager.default.fileExists(atPath: table) {
            let (names, classes) = try Self.readTable(table)
            files = names.map { path + "/" + $0 }
            labels = classes
        } else {
            let folders = try Self.entries(path, folders: true)
            if folders.isEmpty {
                files = try Self.pictures(path)
            } else {
                classNames = folders
                var classes: [Int] = []
                for (index, folder) in folders.enumerated() {
                    let pictures = try Self.pictures(path + "/" + folder)
                    files += pictures
                    classes += [Int](repeating: index, count: pictures.count)
                }
                labels = classes
            }
        }
        guard !files.isEmpty else {
            throw QTuneError(
                .invalidData, "there are no pictures (\(PictureDecoder.formats))",
                remedy: "give a folder of pictures, or of one folder a class")
        }
        sizes = try files.map { try FileSize.ofFile(at: $0) }
    }

    private static func pictures(_ path: String) throws -> [String] {
        try entries(path, folders: false)
            .filter { name in
                PictureDecoder.endings.contains(name.split(separator: ".").last.map { $0.lowercased() } ?? "")
            }
            .map { path + "/" + $0 }
    }

    private static func entries(_ path: String, folders: Bool) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted().filter { name in
                var isFolder = false
                let exists = FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isFolder)
                return exists && isFolder == folders && !name.hasPrefix(".")
            }
        } catch {
            throw QTuneError(.inputOutput, "the folder cannot be listed")
        }
    }

    /// Reads `file,label` rows; the header names the columns in any order.
    private static func readTable(_ path: String) throws -> (names: [String], labels: [Int]) {
        try locating("'labels.csv'") {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw QTuneError(.inputOutput, "the table cannot be read")
            }
            let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
            let rows = lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
            guard let header = rows.first, let file = header.firstIndex(of: "file"),
                let label = header.firstIndex(of: "label")
            else {
                throw QTuneError(.invalidData, "the first line does not name the columns 'file' and 'label'")
            }
            var names: [String] = []
            var labels: [Int] = []
            for (number, row) in rows.enumerated().dropFirst() {
                guard row.count == header.count, let value = Int(row[label]), value >= 0,
                    !row[file].split(separator: "/").contains("..")
                else {
                    throw QTuneError(
                        .invalidData, "line \(number + 1) is not a file inside the folder and a label from 0 up")
                }
                names.append(row[file])
                labels.append(value)
            }
            return (names, labels)
        }
    }
}
