import Foundation
import Testing

/// What goes wrong ends with the status that says whose fault it is, a message on stderr and nothing on stdout.
@Suite struct ExitStatusTests {
    static let missing = "no-such-file.onnx"

    /// Arguments, the status, and a word that the message must have.
    static let cases: [([String], Int32, String)] = [
        (["frobnicate"], 64, "frobnicate"),
        (["run"], 64, "model"),
        (["run", Demo.model], 64, "--image"),
        (["run", Demo.model, "--image", Demo.picture, "--input", "image=x.npy"], 64, "not both"),
        (["run", Demo.model, "--input", "pixels=x.npy"], 64, "its inputs are: image"),
        (["run", Demo.model, "--input", "image"], 64, "NAME=FILE.npy"),
        (["run", Demo.model, "--image", Demo.picture, "--threads", "0"], 64, "--threads"),
        (["run", Demo.model, "--image", Demo.picture, "--squash", "0"], 64, "resize"),
        (["run", Demo.model, "--image", Demo.picture, "--squash", "100000000"], 64, "resize"),
        (["run", Demo.model, "--image", Demo.picture, "--std", "0"], 64, "std"),
        (["run", Demo.model, "--image", Demo.picture, "--mean", "1", "2"], 64, "--mean"),
        (["run", Demo.model, "--image", Demo.picture, "--crop", "9"], 65, "input 'image'"),
        (["run", Demo.model, "--image", Demo.model], 65, "JPEG"),
        (["run", Demo.model, "--image", "no-such.png"], 1, "no-such.png"),
        (["run", Demo.model, "--image", Demo.picture, "--output", "/dev/null/x"], 1, "/dev/null/x"),
        (["run", Demo.picture, "--image", Demo.picture], 65, "094.jpg"),
        (["inspect", missing], 1, missing),
        (["inspect", Demo.folder], 1, "demo"),
        (["verify"], 64, "folders"),
        (["verify", "nowhere"], 64, "nowhere"),
        (["verify", Demo.evaluation], 64, "no case"),
        (["bench", Demo.model, "--seconds", "nan"], 64, "--seconds"),
        (["bench", Demo.model, "--batch", "1000000000"], 65, "too large"),
        (["bench", missing], 1, missing),
        (["kernels", "--int8"], 64, "--int8"),
        (["kernels", "--convolution", "1x8x8x3"], 64, "--weights"),
        (["kernels", "--matmul", "1x-2x3"], 64, "--matmul"),
        (["kernels", "--matmul", "9223372036854775807x9x9"], 64, "too large"),
        (["kernels", "--convolution", "1x8x8x3", "--weights", "4x2x3x3"], 64, "groups"),
        (["kernels", "--convolution", "1x8x8x3", "--weights", "4x3x9x9", "--padding", "0"], 64, "does not fit"),
        (["analyze", Demo.model, "--calibration", Demo.calibration, "--threads", "0"], 64, "--threads"),
        (["analyze", Demo.model, "--calibration", "nowhere"], 1, "nowhere"),
        (["quantize", Demo.model, "-o", "q.onnx"], 64, "--calibration"),
        (["quantize", Demo.model, "-o", "q.onnx", "--format", "dynamic", "--exclude", "nope"], 64, "'nope'"),
        (
            ["quantize", Demo.model, "-o", "q.onnx", "--format", "dynamic", "--activations", "int3"], 64,
            "--activations"
        ),
        (["quantize", Demo.model, "-o", "q.onnx", "--format", "dynamic", "--recipe", Demo.model], 65, "recipe"),
        (["quantize", Demo.model, "-o", "/no-such/q.onnx", "--format", "dynamic"], 1, "/no-such/q.onnx"),
        (["quantize", Demo.model, "-o", Demo.folder, "--format", "dynamic"], 1, "regular file"),
        (["quantize", missing, "-o", "q.onnx", "--format", "dynamic"], 1, missing),
        (["evaluate", Demo.model, "--data", "nowhere"], 1, "nowhere"),
        (["evaluate", Demo.model, "--data", Demo.evaluation, "--threads", "0"], 64, "--threads"),
        (["evaluate", Demo.model, "--data", Demo.evaluation, "--limit", "0"], 64, "limit"),
        (["tune", Demo.model, "--calibration", Demo.calibration], 64, "--evaluation"),
        (["report", Demo.folder], 64, "holds no run"),
        (["report", Demo.folder, "--top", "0"], 64, "--top"),
        (["demo", "--example", "nowhere"], 64, "nowhere"),
    ]

    @Test(arguments: cases) func failsAsItShould(_ arguments: [String], _ status: Int32, _ word: String) throws {
        let outcome = try QTuneProcess.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.messages.contains(word))
        #expect(!FileManager.default.fileExists(atPath: "q.onnx"))
    }

    @Test func aTierThatIsNotThereIsAnError() throws {
        for arguments in [["kernels"], ["run", Demo.model, "--image", Demo.picture]] {
            let outcome = try QTuneProcess.run(arguments, environment: ["QTUNE_CPU": "abacus"])
            #expect(outcome.status == 64)
            #expect(outcome.messages.contains("QTUNE_CPU=abacus") && outcome.messages.contains("scalar"))
        }
    }

    @Test func nothingFitsTheConstraint() throws {
        try withTestFolder { folder in
            let outcome = try QTuneProcess.run(
                TuneTests.arguments(folder + "/run", candidates: 1) + ["--maximum-loss", "-100"])
            // An option's value that starts with a sign is taken as another option unless it is joined to the name.
            #expect(outcome.status == 64)
            let joined = try QTuneProcess.run(
                TuneTests.arguments(folder + "/run", candidates: 1) + ["--maximum-loss=-100"])
            #expect(joined.status == 2)
            #expect(joined.messages.contains("no variant"))
        }
    }
}
