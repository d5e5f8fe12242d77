import Foundation
import QTuneGraph
import QTuneONNX
import QTuneOperators
import QTuneTensor
import Testing

/// Inference over whole networks, from the folder that `QTUNE_MATERIAL` names.
@Suite struct NetworkInferenceTests {
    /// Shape arithmetic, channel shuffles and dynamic batches leave no length unknown.
    @Test(arguments: [
        "mobilenetv2_cifar10", "shufflenetv2_cifar10", "efficientnetlite_cifar10", "resnet50n_cifar10",
        "squeezenet1.0_imagenet_fp32", "mobilenet_v2_0.35_128_flowers",
    ])
    func noLengthIsUnknown(_ name: String) throws {
        guard let material = ProcessInfo.processInfo.environment["QTUNE_MATERIAL"] else {
            print("skipped: QTUNE_MATERIAL names no folder of networks")
            return
        }
        let model = try ModelReader.read(path: "\(material)/models/trained/\(name).onnx")
        let values = try ShapeInference.infer(model)
        for node in model.graph.nodes {
            for output in node.outputs where !output.isEmpty {
                let dimensions = values[output]?.dimensions
                #expect(
                    dimensions?.contains(.unknown) == false,
                    "\(node.label) (\(node.opType)): \(values[output]?.type.map { "\($0)" } ?? "nothing")")
            }
        }
    }
}
