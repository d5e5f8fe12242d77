import QTuneData
import QTuneGraph
import QTuneSearch
import QTuneTensor
import Testing

/// Networks of several inputs fed with one array for each.
@Suite struct NamedFeedsTests {
    private static func model(_ inputs: [(String, ValueType)]) -> Model {
        Model(
            graph: Graph(inputs: inputs.map { ValueInfo($0.0, $0.1) }, outputs: [ValueInfo(inputs[0].0)]),
            opsets: ["": 13])
    }

    private static let encoder = model([
        ("ids", .tensor(.int64, [.symbolic("batch"), .symbolic("sequence")])),
        ("mask", .tensor(.int64, [.symbolic("batch"), .symbolic("sequence")])),
        ("scale", .tensor(.float32, [.symbolic("batch"), .fixed(2)])),
    ])

    private static func ids(_ shape: Shape = [3, 2]) -> Tensor {
        Tensor((0..<Int64(shape.elementCount)).map { $0 }, shape: shape)
    }

    private static let scale = Tensor([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])

    @Test func eachSampleIsABatchOfOne() throws {
        let data = try NamedArrayDataset(["ids": Self.ids(), "mask": Self.ids(), "scale": Self.scale])
        let feeds = try DatasetFeeds(data, for: Self.encoder)
        #expect(feeds.count == 3)
        #expect(
            try feeds.feeds(2) == [
                "ids": Tensor([4, 5] as [Int64], shape: [1, 2]), "mask": Tensor([4, 5] as [Int64], shape: [1, 2]),
                "scale": Tensor([4, 5] as [Float], shape: [1, 2]),
            ])
    }

    @Test func aFixedBatchIsFilledWithTheLastSample() throws {
        let pair = Self.model([
            ("ids", .tensor(.int64, [.fixed(2), .symbolic("sequence")])), ("on", .tensor(.bool, [.fixed(2)])),
        ])
        let data = try NamedArrayDataset(["ids": Self.ids(), "on": Tensor([true, false, true])])
        let feeds = try DatasetFeeds(data, for: pair)
        #expect(feeds.count == 2 && feeds.samples(1) == 2..<3)
        #expect(
            try feeds.feeds(1) == [
                "ids": Tensor([4, 5, 4, 5] as [Int64], shape: [2, 2]), "on": Tensor([true, true]),
            ])
    }

    /// An initializer that is listed among the inputs needs no array.
    @Test func inputsWithValuesAreLeftAlone() throws {
        var model = Self.encoder
        model.graph.initializers["scale"] = Tensor(zeros: .float32, shape: [1, 2])
        let feeds = try DatasetFeeds(NamedArrayDataset(["ids": Self.ids(), "mask": Self.ids()]), for: model)
        #expect(try feeds.feeds(0).keys.sorted() == ["ids", "mask"])
    }

    /// Arrays that do not fit the encoder, with what the message must say beside the file.
    static let refused: [([String: Tensor], [String])] = [
        (["ids": ids(), "scale": scale], ["no array for the input 'mask'", "'ids', 'mask', 'scale'"]),
        (
            ["ids": ids(), "mask": ids(), "scale": scale, "extra": scale],
            ["array 'extra'", "no input called 'extra'", "'ids', 'mask', 'scale'"]
        ),
        (["x": ids()], ["array 'x'", "'ids', 'mask', 'scale'"]),
        (
            ["ids": Tensor(zeros: .int32, shape: [3, 2]), "mask": ids(), "scale": scale],
            ["array 'ids'", "int32", "takes int64", "ids.astype('int64')"]
        ),
        (
            ["ids": ids(), "mask": ids(), "scale": Tensor(zeros: .float64, shape: [3, 2])],
            ["array 'scale'", "float64", "scale.astype('float32')"]
        ),
        (
            ["ids": ids([3, 1, 2]), "mask": ids(), "scale": scale],
            ["array 'ids'", "int64[batch, sequence]", "[1, 1, 2]", "first axis"]
        ),
        (["ids": ids([3]), "mask": ids(), "scale": scale], ["array 'ids'", "first axis"]),
        (
            ["ids": ids(), "mask": ids(), "scale": Tensor(zeros: .float32, shape: [3, 3])],
            ["array 'scale'", "float32[batch, 2]", "[1, 3]"]
        ),
        (
            ["ids": ids(), "mask": ids([3, 4]), "scale": scale],
            ["'mask'", "'sequence' is 4 here but 2 in input 'ids'"]
        ),
    ]

    @Test(arguments: refused.indices)
    func arraysThatDoNotFit(index: Int) throws {
        let (arrays, words) = Self.refused[index]
        let data = try NamedArrayDataset(arrays, place: "file 'tokens.npz'")
        let error = try #require(throws: QTuneError.self) { try DatasetFeeds(data, for: Self.encoder) }
        for word in words + ["file 'tokens.npz'"] { #expect(error.description.contains(word), "\(error)") }
    }

    @Test(arguments: [1 << 40, .max])
    func batchesThatNoMemoryHolds(batch: Int) throws {
        let model = Self.model([
            ("a", .tensor(.int64, [.symbolic("n"), .fixed(2)])), ("b", .tensor(.int64, [batch, 2])),
        ])
        let data = try NamedArrayDataset(["a": Self.ids(), "b": Self.ids()], place: "file 'tokens.npz'")
        let error = try #require(throws: QTuneError.self) { try DatasetFeeds(data, for: model) }
        for words in ["file 'tokens.npz'", "input 'a'", "\(batch)", "[1, 2]", "open first axis"] {
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test func batchesThatDifferAreAnError() throws {
        let model = Self.model([("a", .tensor(.int64, [1, 2])), ("b", .tensor(.int64, [4, 2]))])
        let data = try NamedArrayDataset(["a": Self.ids(), "b": Self.ids()])
        let error = try #require(throws: QTuneError.self) { try DatasetFeeds(data, for: model) }
        #expect(error.code == .unsupported && error.description.contains("'b'"))
    }
}
