import Foundation
import QTuneData
import QTuneTensor
import Testing

@Suite final class ImageFolderTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/qtune-folder-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func put(_ path: String, _ data: Data? = nil) throws {
        let picture = try #require(Data(base64Encoded: EncodedPicture.all[0].base64))
        let parent = (folder + "/" + path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try (data ?? picture).write(to: URL(fileURLWithPath: folder + "/" + path))
    }

    private func open() throws -> ImageFolder { try ImageFolder(path: folder, preprocessing: Preprocessing()) }

    @Test func foldersGiveClassesInAlphabeticalOrder() throws {
        for path in ["zebra/0.png", "ant/1.PNG", "ant/0.png", "ant/readme.txt", "ant/.hidden.png"] { try put(path) }
        let data = try open()
        #expect(data.classNames == ["ant", "zebra"])
        #expect(data.labels == [0, 0, 1])
        #expect(try data.input(at: 2).shape == [1, 3, 3, 4])
    }

    /// Each ending of a format that is decoded counts, and no other.
    @Test func everyDecodedFormatIsListed() throws {
        let pixel = Data("P3 1 1 255 9 8 7".utf8)
        for ending in ["bmp", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "PPM", "gif", "tiff"] {
            try put("a.\(ending)", pixel)
        }
        let data = try open()
        #expect(data.count == 8)
        #expect(try data.input(at: 0).shape == [1, 3, 1, 1])
    }

    @Test func aTableGivesLabelsInItsOrder() throws {
        try put("b.png")
        try put("a.png")
        try put("labels.csv", Data("label,file\r\n7,b.png\r\n3,a.png\r\n".utf8))
        #expect(try open().labels == [7, 3])
    }

    @Test(arguments: [
        "file;label\na.png;1\n", "file,label\na.png\n", "file,label\na.png,-1\n", "file,label\n../a.png,1\n", "",
    ])
    func aDamagedTableIsAnError(_ table: String) throws {
        try put("a.png")
        try put("labels.csv", Data(table.utf8))
        #expect(throws: QTuneError.self) { try self.open() }
    }

    @Test func aFlatFolderHasNoLabels() throws {
        try put("a.png")
        #expect(try open().labels == nil)
    }

    @Test func anEmptyOrMissingFolderIsAnError() throws {
        #expect(throws: QTuneError.self) { try self.open() }
        #expect(throws: QTuneError.self) {
            try ImageFolder(path: self.folder + "/none", preprocessing: Preprocessing())
        }
    }

    @Test func aDamagedPictureIsNamed() throws {
        try put("a.png", Data([0x89, 0x50, 0x4E, 0x47, 1, 2, 3]))
        let data = try open()
        #expect { try data.input(at: 0) } throws: { "\($0)".contains("a.png") }
    }
}
