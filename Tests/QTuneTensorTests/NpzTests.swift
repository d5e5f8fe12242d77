import Foundation
import QTuneTensor
import QTuneTestSupport
import Testing

struct NpzTests {
    /// numpy.savez(a=arange(3, dtype=float32), b=array([[1], [-1]], dtype=int8)).
    static let plain =
        "UEsDBC0AAAAAAAAAIQC2jIZT//////////8FABQAYS5ucHkBABAAjAAAAAAAAACMAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzog"
        + "JzxmNCcsICdmb3J0cmFuX29yZGVyJzogRmFsc2UsICdzaGFwZSc6ICgzLCksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAKAAAAAAAAgD8AAABAUEsDBC0AAAAAAAAAIQB13jFf//////////8FABQA"
        + "Yi5ucHkBABAAggAAAAAAAACCAAAAAAAAAJNOVU1QWQEAdgB7J2Rlc2NyJzogJ3xpMScsICdmb3J0cmFuX29yZGVyJzogRmFsc2Us"
        + "ICdzaGFwZSc6ICgyLCAxKSwgfSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg"
        + "ICAKAf9QSwECLQMtAAAAAAAAACEAtoyGU4wAAACMAAAABQAAAAAAAAAAAAAAgAEAAAAAYS5ucHlQSwECLQMtAAAAAAAAACEAdd4x"
        + "X4IAAACCAAAABQAAAAAAAAAAAAAAgAHDAAAAYi5ucHlQSwUGAAAAAAIAAgBmAAAAfAEAAAAA"
    /// numpy.savez_compressed(a=zeros(1000, dtype=float32), b=array([[1], [-1]], dtype=int8)).
    static let compressed =
        "UEsDBC0AAAAIAAAAIQClwJRO//////////8FABQAYS5ucHkBABAAIBAAAAAAAABjAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6l"
        + "oG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GoYGBgY6mjoKtQrkAi6GUTAKRsEoGAWjYBSMglEwCkbBKBgFo2AU"
        + "DDgAAFBLAwQtAAAACAAAACEAdd4xX///////////BQAUAGIubnB5AQAQAIIAAAAAAAAASAAAAAAAAACb7BfqGxDJyFDGUK2eklqc"
        + "XKRupaBek2morqOgnpZfVFKUmBefX5SSChJ3S8wpTgWKF2ckFqQC+RpGOgqGmjoKtQpkAy7G/wBQSwECLQMtAAAACAAAACEApcCU"
        + "TmMAAAAgEAAABQAAAAAAAAAAAAAAgAEAAAAAYS5ucHlQSwECLQMtAAAACAAAACEAdd4xX0gAAACCAAAABQAAAAAAAAAAAAAAgAGa"
        + "AAAAYi5ucHlQSwUGAAAAAAIAAgBmAAAAGQEAAAAA"

    @Test func plainArchive() throws {
        let expected = ["a": Tensor([Float(0), 1, 2]), "b": Tensor([Int8(1), -1], shape: [2, 1])]
        #expect(try Npz.decode(bytes(Self.plain)) == expected)
    }

    @Test func compressedArchive() throws {
        let expected = ["a": Tensor(zeros: .float32, shape: [1000]), "b": Tensor([Int8(1), -1], shape: [2, 1])]
        #expect(try Npz.decode(bytes(Self.compressed)) == expected)
    }

    @Test(arguments: [plain, compressed])
    func damagedArchives(archive: String) throws {
        let whole = try bytes(archive)
        for count in 0..<whole.count {
            #expect(throws: QTuneError.self) { try Npz.decode(Array(whole.prefix(count))) }
        }
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var damaged = whole
            damaged[Int.random(in: whole.indices, using: &generator)] = UInt8.random(
                in: .min ... .max, using: &generator)
            do { _ = try Npz.decode(damaged) } catch { #expect(error is QTuneError) }
        }
    }

    private func bytes(_ base64: String) throws -> [UInt8] { Array(try #require(Data(base64Encoded: base64))) }
}
