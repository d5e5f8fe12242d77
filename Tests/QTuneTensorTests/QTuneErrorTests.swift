import QTuneTensor
import Testing

struct QTuneErrorTests {
    @Test(
        arguments: [
            (QTuneError(.invalidModel, "it is damaged"), "it is damaged"),
            (QTuneError(.invalidModel, "it is damaged", remedy: "fetch it again"), "it is damaged (fetch it again)"),
            (QTuneError(.unsupported, "no", place: ["node 'a'", "tensor 'b'"]), "node 'a': tensor 'b': no"),
            (
                QTuneError(.inputOutput, "no", place: ["tensor 'b'"], remedy: "try").within("node 'a'").within(
                    "m.onnx"),
                "m.onnx: node 'a': tensor 'b': no (try)"
            ),
        ])
    func descriptions(error: QTuneError, expected: String) {
        #expect(error.description == expected)
    }

    @Test func placesArePutInFront() throws {
        let error = try #require(throws: QTuneError.self) {
            try locating("outer") { try locating("inner") { throw QTuneError(.invalidData, "bad", place: ["leaf"]) } }
        }
        #expect(error.place == ["outer", "inner", "leaf"])
        #expect(error.code == .invalidData)
        #expect(error.code != .invalidInput)
    }

    @Test func othersErrorsPassUnchanged() {
        struct Foreign: Error, Equatable {}
        #expect(throws: Foreign()) { try locating("outer") { throw Foreign() } }
    }

    @Test func aPlaceIsMadeOnlyWhenNeeded() throws {
        var made = 0
        func place() -> String {
            made += 1
            return "here"
        }
        #expect(try locating(place()) { 7 } == 7)
        #expect(made == 0)
    }
}
