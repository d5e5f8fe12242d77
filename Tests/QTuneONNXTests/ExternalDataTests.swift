import Foundation
import QTuneGraph
import QTuneONNX
import QTuneTensor
import Testing

struct ExternalDataTests {
    /// A model whose initializer, four bytes, lies in another file.
    static func model(location: String, offset: String? = nil, length: String? = nil) -> [UInt8] {
        Wire.model(
            tensor: Wire.number(1, 4) + Wire.number(2, 2) + Wire.number(14, 1) + Wire.pair(13, "location", location)
                + (offset.map { Wire.pair(13, "offset", $0) } ?? [])
                + (length.map { Wire.pair(13, "length", $0) } ?? []))
    }

    @Test(
        arguments: [
            ("weights.bin", nil, nil, [0, 1, 2, 3]), ("weights.bin", "6", "4", [6, 7, 8, 9]),
            ("./weights.bin", "0", nil, [0, 1, 2, 3]),
            ("inner/more.bin", nil, nil, [9, 8, 7, 6]), ("link.bin", "1", nil, [1, 2, 3, 4]),
        ] as [(String, String?, String?, [UInt8])])
    func isRead(location: String, offset: String?, length: String?, expected: [UInt8]) throws {
        try withFolders { folder in
            try put(Self.model(location: location, offset: offset, length: length), at: folder + "/m.onnx")
            let model = try ModelReader.read(path: folder + "/m.onnx")
            #expect(model.graph.initializers["w"]?.array(of: UInt8.self) == expected)
            #expect(try ModelReader.read(bytes: contents(of: folder + "/m.onnx"), directory: folder) == model)
        }
    }

    @Test(
        arguments: [
            ("", nil, nil, "out of the model's directory"), ("../secret.bin", nil, nil, "out of the model's directory"),
            ("inner/../../secret.bin", nil, nil, "out of the model's directory"),
            ("/etc/passwd", nil, nil, "out of the model's directory"),
            ("escape.bin", nil, nil, "a link that leads out"), ("outer/secret.bin", nil, nil, "a link that leads out"),
            ("missing.bin", nil, nil, "cannot be found"), ("inner", nil, nil, "not a regular file"),
            ("weights.bin", "7", nil, "past the file's 10 bytes"),
            ("weights.bin", "9223372036854775807", nil, "past the file's"),
            ("weights.bin", "-1", nil, "not a number"), ("weights.bin", "x", nil, "not a number"),
            ("weights.bin", "99999999999999999999", nil, "not a number"),
            ("weights.bin", "0", "5", "5 bytes are given"),
            ("empty.bin", nil, nil, "past the file's 0 bytes"), ("pipe", nil, nil, "not a regular file"),
        ] as [(String, String?, String?, String)])
    func isRefused(location: String, offset: String?, length: String?, word: String) throws {
        try withFolders { folder in
            try put(Self.model(location: location, offset: offset, length: length), at: folder + "/m.onnx")
            let error = try #require(throws: QTuneError.self) { try ModelReader.read(path: folder + "/m.onnx") }
            #expect(error.description.contains(word), "\(error)")
            #expect(error.place.contains("tensor 'w'"))
        }
    }

    @Test func largeModelsGoToTwoFiles() throws {
        try withTestFolder { folder in
            var model = Samples.rich()
            model.graph.initializers["other"] = Samples.tensor(.int8, [3000])
            model.graph.initializers["same"] = model.graph.initializers["w"]
            let path = folder + "/m.onnx"
            try ModelWriter.write(model, to: path, largestFile: 4000)
            #expect(try ModelReader.read(path: path) == model)
            // 9600 bytes of w (shared with `same`), then 3000 on the next multiple of 64.
            #expect(try contents(of: path + ".data").count == 12600)
            #expect(try contents(of: path).count < 4000)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["m.onnx", "m.onnx.data"])
            // Written over itself while its tensors are mapped from it.
            let mapped = try ModelReader.read(path: path)
            try ModelWriter.write(mapped, to: path, largestFile: 4000)
            #expect(try ModelReader.read(path: path) == model)
        }
    }

    /// A folder `top` with a model's folder inside, and a file outside that no model may read. Calls `body` with the
    /// model's folder.
    private func withFolders(_ body: (String) throws -> Void) throws {
        try withTestFolder { top in
            let files = FileManager.default
            let folder = top + "/model"
            try files.createDirectory(atPath: folder + "/inner", withIntermediateDirectories: true)
            try put([1, 2, 3, 4], at: top + "/secret.bin")
            try put([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], at: folder + "/weights.bin")
            try put([9, 8, 7, 6], at: folder + "/inner/more.bin")
            try put([], at: folder + "/empty.bin")
            try files.createSymbolicLink(atPath: folder + "/link.bin", withDestinationPath: "weights.bin")
            try files.createSymbolicLink(atPath: folder + "/escape.bin", withDestinationPath: "../secret.bin")
            try files.createSymbolicLink(atPath: folder + "/outer", withDestinationPath: "..")
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            try body(folder)
        }
    }
}
