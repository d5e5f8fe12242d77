import QTuneData
import QTuneGraph
import QTuneTensor

/// A network of two convolutions and a product that tells four patterns of 1 x 8 x 8 apart, with seeded weights, and
/// samples for it.
enum TinyClassifier {
    static let model: Model = {
        var random = Lcg(seed: 7)
        let weights: [String: Tensor] = [
            "w1": random.tensor([6, 1, 3, 3]), "b1": random.tensor([6]), "w2": random.tensor([8, 6, 3, 3], scale: 0.4),
            "w3": random.tensor([8, 4], scale: 0.5),
        ]
        let nodes = [
            Node(
                "Conv", name: "first", inputs: ["x", "w1", "b1"], outputs: ["c1"],
                attributes: ["pads": .ints([1, 1, 1, 1])]),
            Node("Relu", name: "first.relu", inputs: ["c1"], outputs: ["r1"]),
            Node(
                "Conv", name: "second", inputs: ["r1", "w2"], outputs: ["c2"], attributes: ["strides": .ints([2, 2])]),
            Node("GlobalAveragePool", name: "pool", inputs: ["c2"], outputs: ["p"]),
            Node("Flatten", name: "flatten", inputs: ["p"], outputs: ["f"]),
            Node("MatMul", name: "classifier", inputs: ["f", "w3"], outputs: ["y"]),
        ]
        return Model(
            graph: Graph(
                name: "tiny", inputs: [ValueInfo("x", .tensor(.float32, [1, 1, 8, 8]))],
                outputs: [ValueInfo("y", .tensor(.float32, [1, 4]))], initializers: weights, nodes: nodes),
            opsets: ["": 13])
    }()

    /// Seeded pictures with labels that have nothing to do with them.
    struct Samples: Dataset {
        let count: Int
        var labels: [Int]? { (0..<count).map { $0 % 4 } }
        var identity: String { "samples of \(count)" }

        func fingerprint(at index: Int) throws -> StableHash { StableHash(["\(index)"]) }

        func input(at index: Int) throws -> Tensor {
            var random = Lcg(seed: UInt64(index + 1))
            return random.tensor([1, 1, 8, 8])
        }
    }
}

/// A small linear congruential generator.
struct Lcg {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func tensor(_ shape: Shape, scale: Float = 1) -> Tensor {
        Tensor(
            (0..<shape.elementCount).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (Float(state >> 40) / Float(1 << 23) - 1) * scale
            }, shape: shape)
    }
}
