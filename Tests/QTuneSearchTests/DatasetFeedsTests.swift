import QTuneData
import QTuneGraph
import QTuneSearch
import QTuneTensor
import Synchronization
import Testing

@Suite struct DatasetFeedsTests {
    /// Sample `i` is one pixel of value `i - 1.5`.
    private struct Pixels: Dataset {
        let count: Int
        let labels: [Int]? = nil
        let identity = "pixels"
        let place: String? = "file 'pixels.npz'"
        func fingerprint(at index: Int) throws -> StableHash { StableHash(["\(index)"]) }
        var onRead: @Sendable () -> Void = {}
        func input(at index: Int) throws -> Tensor {
            onRead()
            return Tensor([Float(index) - 1.5], shape: [1, 1, 1, 1])
        }
    }

    private func model(_ inputs: [(String, ValueType)]) -> Model {
        Model(
            graph: Graph(inputs: inputs.map { ValueInfo($0.0, $0.1) }, outputs: [ValueInfo("x")]), opsets: ["": 13])
    }

    @Test func aFixedBatchIsFilledWithTheLastSample() throws {
        let feeds = try DatasetFeeds(Pixels(count: 5), for: model([("x", .tensor(.float32, [3, 1, 1, 1]))]))
        #expect(feeds.count == 2)
        #expect(feeds.samples(1) == 3..<5)
        #expect(try feeds.feeds(1)["x"] == Tensor([Float(1.5), 2.5, 2.5], shape: [3, 1, 1, 1]))
    }

    /// The last sample alone fills what the data set does not.
    @Test func aBatchFarLongerThanTheDataSetReadsEachSampleOnce() throws {
        let reads = Mutex(0)
        let pixels = Pixels(count: 2) { reads.withLock { $0 += 1 } }
        let feeds = try DatasetFeeds(pixels, for: model([("x", .tensor(.float32, [1000, 1, 1, 1]))]))
        reads.withLock { $0 = 0 }
        #expect(feeds.count == 1 && feeds.samples(0) == 0..<2)
        let expected = [-1.5] + [Float](repeating: -0.5, count: 999)
        #expect(try feeds.feeds(0)["x"] == Tensor(expected, shape: [1000, 1, 1, 1]))
        #expect(reads.withLock { $0 } == 2)
    }

    @Test(arguments: [1 << 40, 1 << 62, .max])
    func aBatchThatNoMemoryHoldsIsAnError(batch: Int) throws {
        let model = model([("x", .tensor(.float32, [batch, 1, 1, 1]))])
        let error = try #require(throws: QTuneError.self) { try DatasetFeeds(Pixels(count: 2), for: model) }
        for words in ["file 'pixels.npz'", "input 'x'", "\(batch)", "[1, 1, 1, 1]", "open first axis"] {
            #expect(error.description.contains(words), "\(error)")
        }
    }

    @Test func integersAreRoundedHalfToEvenAndSaturate() throws {
        let bytes = try DatasetFeeds(Pixels(count: 5), for: model([("x", .tensor(.uint8, [1, 1, 1, 1]))]))
        #expect(try (0..<5).map { try bytes.feeds($0)["x"]?.array(of: UInt8.self) } == [[0], [0], [0], [2], [2]])
        let signed = try DatasetFeeds(Pixels(count: 5), for: model([("x", .tensor(.int8, [1, 1, 1, 1]))]))
        #expect(try (0..<5).map { try signed.feeds($0)["x"]?.array(of: Int8.self) } == [[-2], [0], [0], [2], [2]])
    }

    @Test func float16IsFed() throws {
        let feeds = try DatasetFeeds(Pixels(count: 2), for: model([("x", .tensor(.float16, [1, 1, 1, 1]))]))
        #expect(try feeds.feeds(0)["x"]?.array(of: Float16.self) == [-1.5])
    }

    @Test(
        arguments: [
            [("x", ValueType.tensor(.float32, [1, 3, 1, 1]))], [("x", .tensor(.float32, [1, 1]))],
            [("x", .tensor(.string, [1, 1, 1, 1]))],
            [("x", .tensor(.float32, [1, 1, 1, 1])), ("y", .tensor(.float32, [1]))], [],
        ] as [[(String, ValueType)]])
    func networksThatPicturesCannotFeedAreErrors(_ inputs: [(String, ValueType)]) {
        #expect(throws: QTuneError.self) { try DatasetFeeds(Pixels(count: 1), for: self.model(inputs)) }
    }

    @Test func anOpenBatchTakesOneSampleAtATime() throws {
        let type = ValueType.tensor(.float32, [.symbolic("batch"), .fixed(1), .unknown, .fixed(1)])
        #expect(try DatasetFeeds(Pixels(count: 5), for: model([("x", type)])).count == 5)
        #expect(throws: QTuneError.self) { try DatasetFeeds(Pixels(count: 0), for: self.model([("x", type)])) }
    }
}
