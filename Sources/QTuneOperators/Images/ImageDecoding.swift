import QTuneGraph
import QTuneImages
import QTuneTensor

/// Decodes a picture, given as the bytes of its file, to [height, width, channels]. As the standard has it, bytes that
/// are no sound picture give an empty result.
struct ImageDecoding: Operator {
    static let name = "ImageDecoder"
    static let versions = [20]

    private let format: PixelFormat

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        format =
            switch try node.string("pixel_format") ?? "RGB" {
            case "RGB": .rgb
            case "BGR": .bgr
            case "Grayscale": .grayscale
            case let other:
                throw QTuneError(
                    .invalidModel, "attribute 'pixel_format' is '\(other)'; there are RGB, BGR and Grayscale")
            }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.uint8, [.unknown, .unknown, .fixed(format.channels)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let encoded = try context.tensor(0)
        guard encoded.dtype == .uint8, encoded.shape.rank == 1 else {
            throw QTuneError(
                .invalidInput, "a picture is given as a row of bytes, not \(encoded.dtype)\(encoded.shape)")
        }
        do {
            let picture = try PictureDecoder.decode(encoded.array(of: UInt8.self))
            let shape: Shape = [picture.height, picture.width, format.channels]
            return [.tensor(Tensor(picture.pixels(as: format), shape: shape))]
        } catch let error as QTuneError where error.code == .invalidData {
            return [.tensor(Tensor(zeros: .uint8, shape: [0, 0, format.channels]))]
        }
    }
}
