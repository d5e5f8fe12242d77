import Foundation
import QTuneData
import QTuneTensor
import QTuneTestSupport
import Testing

/// What the arrays of a file are taken for.
@Suite final class ArrayFileTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/qtune-arrays-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func samples(
        _ arrays: KeyValuePairs<String, Tensor>, for inputs: [String], preprocessing: Preprocessing? = nil
    ) throws -> any Dataset {
        let path = folder + "/data.npz"
        try Data(npzArchive(arrays)).write(to: URL(fileURLWithPath: path))
        return try ArrayFile(path: path).samples(for: inputs, preprocessing: preprocessing)
    }

    private static let ids = Tensor([1, 2, 3, 4, 5, 6] as [Int64], shape: [3, 2])
    private static let mask = Tensor([true, false, true], shape: [3])
    private static let labels = Tensor([7, 8, 9] as [Int32])

    @Test func arraysByTheNamesOfInputs() throws {
        let data = try samples(["ids": Self.ids, "mask": Self.mask, "y": Self.labels], for: ["ids", "mask"])
        #expect(data.count == 3)
        #expect(data.labels == [7, 8, 9])
        #expect(data.place?.contains("data.npz") == true)
        let second = try #require(try data.namedInputs(at: 1))
        #expect(second == ["ids": Tensor([3, 4] as [Int64], shape: [1, 2]), "mask": Tensor([false], shape: [1])])
        #expect(throws: QTuneError.self) { try data.input(at: 0) }
    }

    @Test func slicesKeepNames() throws {
        let data = try samples(["ids": Self.ids, "mask": Self.mask], for: ["ids", "mask"])
        let slice = data.spread(2)
        #expect(try slice.namedInputs(at: 1)?["ids"] == Tensor([3, 4] as [Int64], shape: [1, 2]))
        #expect(slice.place == data.place)
        #expect(try slice.overlap(with: data) == 2)
        let others = try samples(["ids": Self.ids, "mask": Tensor([true, true, true])], for: ["ids", "mask"])
        #expect(try others.overlap(with: data) == 2)
        #expect(others.identity != data.identity)
    }

    @Test func anInputCalledYTakesTheArray() throws {
        let data = try samples(["x": Self.ids, "y": Self.ids], for: ["x", "y"])
        #expect(data.labels == nil)
        #expect(try data.namedInputs(at: 0)?.keys.sorted() == ["x", "y"])
    }

    /// The only input's array may be called by its name, or `x`.
    @Test(arguments: ["x", "ids"])
    func theOnlyInput(name: String) throws {
        let data = try samples([name == "x" ? "x" : "ids": Self.ids], for: ["ids"])
        #expect(try data.namedInputs(at: 2) == ["ids": Tensor([5, 6] as [Int64], shape: [1, 2])])
        #expect(try data.input(at: 2) == Tensor([5, 6] as [Int64], shape: [1, 2]))
    }

    @Test func floatsCalledXStayWithoutAName() throws {
        let data = try samples(["x": Tensor([1, 2, 3] as [Float], shape: [3, 1]), "y": Self.labels], for: ["image"])
        #expect(try data.namedInputs(at: 0) == nil)
        #expect(try data.input(at: 1) == Tensor([2] as [Float], shape: [1, 1]))
        #expect(data.labels == [7, 8, 9])
    }

    @Test func pixelsCalledXAreNormalized() throws {
        let pixels = Tensor([10, 20, 30, 40, 50, 60] as [UInt8], shape: [2, 1, 1, 3])
        let data = try samples(
            ["x": pixels, "mean": Tensor([10, 10, 10] as [Float]), "std": Tensor([10] as [Float])], for: ["image"])
        #expect(try data.input(at: 1) == Tensor([3, 4, 5] as [Float], shape: [1, 3, 1, 1]))
    }

    /// An archive of NumPy's: one picture of 1 x 2 pixels 10 20 30, mean and deviation 10, and the layout NHWC.
    private static let channelsLast =
        "UEsDBC0AAAAIAAAAIQBgpxWV//////////8FABQAeC5ucHkBABAAhgAAAAAAAABPAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loF5T"
        + "aqiuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoY6CkBkpKNgrKmjUKtABuDiEpEDIgBQSwMELQAAAAgAAAAhAIPW7Wr/////"
        + "/////wgAFABtZWFuLm5weQEAEACEAAAAAAAAAEgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoq6joJ6WX1RSlJgXn1+UkgoS"
        + "d0vMKU4FihdnJBakAvkahjqaOgq1ChQALgYGBUcAUEsDBC0AAAAIAAAAIQCD1u1q//////////8HABQAc3RkLm5weQEAEACEAAAAAAAA"
        + "AEgAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbpNmoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkahjqaOgq1ChQALgYG"
        + "BUcAUEsDBC0AAAAIAAAAIQC2wszj//////////8KABQAbGF5b3V0Lm5weQEAEACQAAAAAAAAAE4AAAAAAAAAm+wX6hsQychQxlCtnpJa"
        + "nFykbqWgbhNqoq6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJBakAvkamjoKtQoUAS4/BgYGDyAOB2JnIAYAUEsBAi0DLQAAAAgAAAAh"
        + "AGCnFZVPAAAAhgAAAAUAAAAAAAAAAAAAAIABAAAAAHgubnB5UEsBAi0DLQAAAAgAAAAhAIPW7WpIAAAAhAAAAAgAAAAAAAAAAAAAAIAB"
        + "hgAAAG1lYW4ubnB5UEsBAi0DLQAAAAgAAAAhAIPW7WpIAAAAhAAAAAcAAAAAAAAAAAAAAIABCAEAAHN0ZC5ucHlQSwECLQMtAAAACAAA"
        + "ACEAtsLM404AAACQAAAACgAAAAAAAAAAAAAAgAGJAQAAbGF5b3V0Lm5weVBLBQYAAAAABAAEANYAAAATAgAAAAA="

    @Test func theLayoutIsThatOfTheFile() throws {
        let path = folder + "/nhwc.npz"
        try #require(Data(base64Encoded: Self.channelsLast)).write(to: URL(fileURLWithPath: path))
        let data = try ArrayFile(path: path).samples(for: ["image"], preprocessing: nil)
        #expect(try data.input(at: 0) == Tensor([0, 1, 2, 0, 1, 2] as [Float], shape: [1, 1, 2, 3]))
    }

    /// Arrays, the inputs, and what the message says.
    static let refused: [(KeyValuePairs<String, Tensor>, [String], [String])] = [
        ([:], ["a", "b"], ["no arrays"]),
        (["a": ids, "b": Tensor([true, false])], ["a", "b"], ["array 'b'", "[2]", "'a' holds 3 samples"]),
        (["a": Tensor(scalar: Int64(1)), "b": ids], ["a", "b"], ["'a'", "no axis of samples"]),
        (["a": ids, "b": Tensor(scalar: Int64(1))], ["a", "b"], ["array 'b'", "'a' holds 3 samples"]),
        (
            ["a": Tensor(zeros: .int64, shape: [0, 2]), "b": Tensor(zeros: .bool, shape: [0])], ["a", "b"],
            ["no samples"]
        ),
        (["a": ids, "b": mask, "y": Tensor([1] as [Int64])], ["a", "b"], ["'y'", "a label for each of 3"]),
        (["a": ids, "b": mask, "y": Tensor([1, 2, 3] as [Float])], ["a", "b"], ["'y'", "float32"]),
        (["x": Tensor([1] as [UInt8], shape: [1, 1])], ["image"], ["[samples, height, width, 3]"]),
        (
            ["image": Tensor([1] as [Float], shape: [1, 1]), "x": Tensor(zeros: .uint8, shape: [1, 1, 1, 3])],
            ["image"], ["both 'x' and 'image'", "leave one of them out"]
        ),
        (["ids": ids, "x": ids], ["ids"], ["both 'x' and 'ids'"]),
    ]

    @Test(arguments: refused.indices)
    func refusedFiles(index: Int) throws {
        let (arrays, inputs, words) = Self.refused[index]
        let error = try #require(throws: QTuneError.self) { try self.samples(arrays, for: inputs) }
        #expect(error.code == .invalidData)
        for word in words + ["data.npz"] { #expect(error.description.contains(word), "\(error)") }
    }

    @Test func optionsForPicturesDoNotFitNamedArrays() throws {
        let error = try #require(throws: QTuneError.self) {
            try self.samples(["a": Self.ids, "b": Self.mask], for: ["a", "b"], preprocessing: Preprocessing())
        }
        #expect(error.code == .invalidArgument && error.description.contains("data.npz"))
    }
}
