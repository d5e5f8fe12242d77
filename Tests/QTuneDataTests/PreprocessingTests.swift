import QTuneData
import QTuneTensor
import Testing

@Suite struct PreprocessingTests {
    /// 3 x 2 pixels; red counts up, green is red + 100, blue is red + 200.
    private let image = Image(
        width: 3, height: 2, pixels: (0..<6).flatMap { [UInt8($0), UInt8($0 + 100), UInt8($0 + 200)] })

    @Test func layoutAndChannelOrder() throws {
        let planar = try Preprocessing(mean: [0, 0, 0], std: [1, 1, 1]).tensor(image)
        #expect(planar.shape == [1, 3, 2, 3])
        let counted: [Float] = [0, 1, 2, 3, 4, 5]
        #expect(planar.array(of: Float.self) == counted + counted.map { $0 + 100 } + counted.map { $0 + 200 })
        let interleaved = try Preprocessing(channelOrder: .bgr, layout: .nhwc).tensor(image)
        #expect(interleaved.shape == [1, 2, 3, 3])
        #expect(interleaved.array(of: Float.self).prefix(6) == [200, 100, 0, 201, 101, 1])
    }

    @Test func meanAndStdFollowTheChannelOrder() throws {
        let preprocessing = try Preprocessing(mean: [1, 2, 3], std: [2, 4, 8], channelOrder: .bgr)
        #expect(try preprocessing.tensor(image).array(of: Float.self)[0] == (200 - 1) / 2)
        #expect(try preprocessing.tensor(image).array(of: Float.self)[12] == (0 - 3) / 8)
    }

    @Test func cropTakesTheCentreAndLeavesTheSpareAtTheEnd() throws {
        let cropped = try Preprocessing(crop: 2).tensor(image)
        #expect(cropped.array(of: Float.self).prefix(4) == [0, 1, 3, 4])
        #expect(throws: QTuneError.self) { try Preprocessing(crop: 3).tensor(image) }
    }

    @Test func resizingKeepsProportionsUnlessSquashed() throws {
        #expect(try Preprocessing(resize: .shorterSide(4)).tensor(image).shape == [1, 3, 4, 6])
        #expect(try Preprocessing(resize: .squash(4)).tensor(image).shape == [1, 3, 4, 4])
    }

    @Test(
        arguments: [
            ([0, 0, 0], [1, 0, 1]), ([0, 0], [1, 1]), ([.nan, 0, 0], [1, 1, 1]), ([0, 0, 0], [1, .infinity, 1]),
        ] as [([Float], [Float])])
    func refusesWhatCannotNormalize(_ mean: [Float], _ std: [Float]) {
        #expect(throws: QTuneError.self) { try Preprocessing(mean: mean, std: std) }
    }

    /// 0.3 megapixels that would become 15 gigapixels.
    @Test(arguments: [Preprocessing.Resize.shorterSide(224), .squash(16384)])
    func refusesToGrowAStripBeyondMeasure(_ resize: Preprocessing.Resize) throws {
        let strip = Image(width: 1, height: 300_000, pixels: [UInt8](repeating: 1, count: 900_000))
        let error = #expect(throws: QTuneError.self) { try Preprocessing(resize: resize).tensor(strip) }
        #expect(error?.code == .invalidData)
    }

    @Test(arguments: [0, -1, 1 << 40]) func refusesImpossibleLengths(_ length: Int) {
        #expect(throws: QTuneError.self) { try Preprocessing(crop: length) }
        #expect(throws: QTuneError.self) { try Preprocessing(resize: .squash(length)) }
    }
}
