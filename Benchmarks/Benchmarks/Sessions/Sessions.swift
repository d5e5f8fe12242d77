import Benchmark
import Foundation
import QTune

/// Whole networks, in float32 and in int8, on one thread and on all cores. The bundled example, or the model that
/// `QTUNE_BENCH_MODEL` names.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .throughput], maxDuration: .seconds(1))
    for precision in ["float32", "int8"] {
        for threads in Set([1, ProcessInfo.processInfo.activeProcessorCount]).sorted() {
            Benchmark(
                "\((modelPath as NSString).lastPathComponent) \(precision), \(threads) threads",
                closure: { (benchmark, job: Job) in
                    for _ in benchmark.scaledIterations { blackHole(try job.session.run(job.feeds)) }
                },
                setup: { try Job(precision: precision, threads: threads) })
        }
    }
}

private let modelPath =
    ProcessInfo.processInfo.environment["QTUNE_BENCH_MODEL"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Examples/demo/shapes.onnx")
    .standardized.path()

/// A session with something to run it on.
private struct Job {
    let session: Session
    let feeds: [String: Tensor]

    /// An int8 network is calibrated on the same noise that it is run on: times do not depend on the scales.
    init(precision: String, threads: Int) throws {
        var model = try ModelReader.read(path: modelPath)
        feeds = Dictionary(
            try model.graph.requiredInputs.map { ($0.name, try Self.noise($0)) },
            uniquingKeysWith: { first, _ in first })
        if precision == "int8" {
            let prepared = try Preparation.prepare(model)
            let statistics = try Calibrator.gather(prepared.model, source: TensorFeeds([feeds]), threads: threads)
            model = try Quantizer(prepared.model, statistics: statistics).quantize(Recipe()).model
        }
        session = try Session(model, options: SessionOptions(threads: threads))
    }

    /// Lengths that the model leaves open are 1.
    private static func noise(_ input: ValueInfo) throws -> Tensor {
        guard let type = input.type, type.dtype == .float32, let dimensions = type.dimensions else {
            throw QTuneError(.unsupported, "this benchmark feeds float32 tensors", place: ["input '\(input.name)'"])
        }
        let shape = Shape(dimensions.map { $0.value ?? 1 })
        return Tensor((0..<shape.elementCount).map { Float($0 &* 2_654_435_761 >> 8 & 255) / 128 - 1 }, shape: shape)
    }
}
