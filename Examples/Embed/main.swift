// Runs a network on a picture, quantizes it, and runs what came out. With the bundled example:
//
//     swift run --package-path Examples/Embed embed \
//         Examples/demo/shapes.onnx Examples/demo/evaluation/star/000.jpg Examples/demo/calibration
import Foundation
import QTune

guard CommandLine.arguments.count == 4 else {
    print("usage: embed MODEL.onnx PICTURE CALIBRATION-FOLDER")
    exit(64)
}
let (modelPath, picturePath, folder) = (CommandLine.arguments[1], CommandLine.arguments[2], CommandLine.arguments[3])
let preprocessing = try Preprocessing(mean: [127.5, 127.5, 127.5], std: [127.5, 127.5, 127.5])

func printBest(of model: Model, on picture: Tensor) throws {
    let session = try Session(model, options: SessionOptions(threads: 2))
    let results = try session.run([session.inputs[0].name: picture])
    guard let scores = results[session.outputs[0].name] else { return }
    for label in try Prediction(logits: scores).ranking { print(label, scores.array(of: Float.self)[label]) }
}

let model = try ModelReader.read(path: modelPath)
let picture = try preprocessing.tensor(ImageDecoder.decode([UInt8](Data(contentsOf: URL(filePath: picturePath)))))
print("float32:")
try printBest(of: model, on: picture)

let images = try ImageFolder(path: folder, preprocessing: preprocessing).spread(32)
let runs = try (0..<images.count).map { [model.graph.requiredInputs[0].name: try images.input(at: $0)] }
let prepared = try Preparation.prepare(model).model
let statistics = try Calibrator.gather(prepared, source: TensorFeeds(runs), threads: 2)
let quantized = try Quantizer(prepared, statistics: statistics).quantize(Recipe()).model
print("int8, \(try ModelWriter.encode(quantized).count) bytes:")
try printBest(of: quantized, on: picture)
