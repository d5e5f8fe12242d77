import Foundation
import QTuneKernels
import QTuneTensor
import Testing

/// Each command does what it is for, on the example.
@Suite struct CommandTests {
    private func json(_ text: String) throws -> Any { try JSONSerialization.jsonObject(with: Data(text.utf8)) }

    private func object(_ arguments: [String]) throws -> [String: Any] {
        let outcome = try QTuneProcess.run(arguments + ["--json"])
        #expect(outcome.status == 0, "\(outcome.messages)")
        return try #require(try json(outcome.output) as? [String: Any])
    }

    @Test func inspect() throws {
        let text = try QTuneProcess.run("inspect", Demo.model, "--nodes", "--passes")
        #expect(text.status == 0 && text.messages.isEmpty)
        #expect(text.output.contains("logits  float32[batch, 10]") && text.output.contains("Conv"))
        let summary = try object(["inspect", Demo.model, "--nodes", "--passes"])
        let size = try contents(of: Demo.model).count
        #expect(summary["bytes"] as? Int == size)
        #expect((summary["quantizationGroups"] as? [String])?.isEmpty == false)
        #expect((summary["passes"] as? [Any])?.isEmpty == false && (summary["nodes"] as? [Any])?.isEmpty == false)
    }

    @Test func runOnAPictureAndOnAnArray() throws {
        try withTestFolder { folder in
            let picture = ["run", Demo.model, "--image", Demo.picture, "--output", folder] + Demo.normalization
            let outcome = try QTuneProcess.run(picture)
            #expect(outcome.status == 0 && outcome.messages.isEmpty)
            #expect(outcome.output.hasPrefix("logits  float32[1, 10]"))
            #expect(try names(in: folder) == ["logits.npy"])
            let logits = try Npy.read(path: folder + "/logits.npy")
            #expect(logits.shape == [1, 10])
            // The folder of the picture is the seventh of ten.
            let values = logits.array(of: Float.self)
            #expect(values.max() == values[6])

            try Npy.write(Tensor(zeros: .float32, shape: [2, 3, 48, 48]), to: folder + "/zeros.npy")
            let array = try QTuneProcess.run(
                "run", Demo.model, "--input", "image=\(folder)/zeros.npy", "--json", "--threads", "2")
            #expect(array.status == 0)
            let results = try #require(try json(array.output) as? [[String: Any]])
            #expect(results.first?["type"] as? String == "float32[2, 10]")
        }
    }

    @Test func bench() throws {
        let result = try object(["bench", Demo.model, "--seconds", "0.01", "--profile"])
        #expect((result["median_ms"] as? Double ?? 0) > 0)
        let profile = try #require(result["profile"] as? [String: Any])
        let types = try #require(profile["operators"] as? [[String: Any]])
        let nodes = try #require(profile["nodes"] as? [[String: Any]])
        for lines in [types, nodes] {
            #expect(abs(lines.reduce(0) { $0 + ($1["share"] as? Double ?? 0) } - 1) < 1e-6)
        }
        // Every convolution names a kernel that there is; shares of the ceiling need one that is known.
        let names = Set(KernelCatalog.families.flatMap { $0.rows.map(\.name) })
        let convolutions = nodes.filter { ($0["operator"] as? String)?.hasSuffix("Conv2D") == true }
        #expect(!convolutions.isEmpty)
        for line in convolutions {
            #expect(names.contains(try #require(line["kernel"] as? String)))
            #expect((line["gops"] as? Double ?? 0) > 0)
        }
        if (profile["ceilings"] as? [Any])?.count == 2 {
            #expect(convolutions.allSatisfy { ($0["ceiling_share"] as? Double ?? 0) > 0 })
        }
    }

    @Test func analyze() throws {
        let arguments = ["analyze", Demo.model, "--calibration", Demo.calibration, "--limit", "2"] + Demo.normalization
        let result = try object(arguments + ["--tensors"])
        #expect(result["samples"] as? Int == 2)
        #expect((result["tensors"] as? [Any])?.isEmpty == false)
        let table = try QTuneProcess.run(arguments)
        #expect(table.status == 0 && table.output.contains("gain"))
    }

    @Test func quantizeThenEvaluateAgainstFloat() throws {
        try withTestFolder { folder in
            let file = folder + "/int8.onnx"
            let result = try object(
                ["quantize", Demo.model, "-o", file, "--calibration", Demo.calibration, "--calibration-limit", "16"]
                    + ["--granularity", "channel", "--write-recipe", folder + "/recipe.json"] + Demo.normalization)
            let bytes = try contents(of: file)
            #expect(result["size_bytes"] as? Int == bytes.count)
            #expect(try names(in: folder) == ["int8.onnx", "recipe.json"])
            let evaluation = try object(
                ["evaluate", file, "--data", Demo.evaluation, "--limit", "60", "--float", Demo.model]
                    + Demo.normalization)
            #expect(evaluation["samples"] as? Int == 60)
            #expect((evaluation["agreement"] as? Double ?? 0) > 0.8)
            #expect((evaluation["top1"] as? Double ?? 0) > 0.75)
            // The recipe that was written makes the same file.
            let again = folder + "/again.onnx"
            let repeated = try QTuneProcess.run(
                ["quantize", Demo.model, "-o", again, "--recipe", folder + "/recipe.json"]
                    + ["--calibration", Demo.calibration, "--calibration-limit", "16"] + Demo.normalization)
            #expect(repeated.status == 0)
            #expect(try contents(of: again) == bytes)
        }
    }

    @Test func dynamicQuantizationNeedsNoData() throws {
        try withTestFolder { folder in
            let file = folder + "/dynamic.onnx"
            #expect(try QTuneProcess.run("quantize", Demo.model, "-o", file, "--format", "dynamic").status == 0)
            let size = try contents(of: Demo.model).count
            #expect(try contents(of: file).count < size / 2)
            #expect(try QTuneProcess.run("run", file, "--image", Demo.picture).status == 0)
        }
    }

    @Test func kernels() throws {
        let outcome = try QTuneProcess.run("kernels", "--json")
        let rows = try #require(try json(outcome.output) as? [[String: Any]])
        #expect(rows.contains { $0["picked"] as? Bool == true })
        let scalar = try QTuneProcess.run(["kernels"], environment: ["QTUNE_CPU": "scalar"])
        #expect(scalar.status == 0 && scalar.messages.contains("tier: scalar"))
    }

    @Test(
        arguments: [
            // 2 * outputs * terms of each.
            (["--convolution", "1x14x14x64", "--weights", "32x64x1x1"], 2 * 14 * 14 * 32 * 64, "f32"),
            (["--convolution", "1x14x14x8", "--weights", "8x1x3x3", "--stride", "2"], 2 * 7 * 7 * 8 * 9, "depthwise"),
            (["--convolution", "1x8x8x3", "--weights", "4x3x5x5", "--padding", "0", "--int8"], 2 * 16 * 4 * 75, "s8"),
            (["--matmul", "16x32x48", "--int8"], 2 * 16 * 32 * 48, "gemm"),
        ])
    func kernelForAShape(options: [String], operations: Int, name: String) throws {
        let result = try object(["kernels"] + options)
        let kernel = try #require(result["kernel"] as? String)
        #expect(kernel.contains(name) && KernelCatalog.row(named: kernel) != nil)
        #expect(result["operations"] as? Int == operations)
        #expect((result["microseconds"] as? Double ?? 0) > 0)
        let text = try QTuneProcess.run(["kernels"] + options)
        #expect(text.status == 0 && text.output.contains(kernel))
    }

    @Test func integerResultsAreTheSameOnEveryTier() throws {
        try withTestFolder { folder in
            let file = folder + "/int8.onnx"
            #expect(try Demo.quantize(to: file).status == 0)
            var results: [[UInt8]] = []
            for tier in CPUTier.available {
                let target = folder + "/" + tier.name
                let outcome = try QTuneProcess.run(
                    ["run", file, "--image", Demo.picture, "--output", target] + Demo.normalization,
                    environment: ["QTUNE_CPU": tier.name])
                #expect(outcome.status == 0, "\(tier.name): \(outcome.messages)")
                results.append(try contents(of: target + "/logits.npy"))
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }
}
