import Foundation
import QTuneONNX
import QTuneTensor
import Testing

/// `qtune verify` on the example's network, with its own answer and with another.
@Suite struct VerifyTests {
    private func makeCase(_ name: String, in folder: String, adding error: Float) throws {
        let data = "\(folder)/\(name)/test_data_set_0"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Demo.model, toPath: "\(folder)/\(name)/shapes.onnx")
        let image = Tensor(zeros: .float32, shape: [1, 3, 48, 48])
        try Npy.write(image, to: "\(folder)/zeros.npy")
        let run = try QTuneProcess.run("run", Demo.model, "--input", "image=\(folder)/zeros.npy", "--output", folder)
        #expect(run.status == 0)
        let logits = try Npy.read(path: "\(folder)/logits.npy").array(of: Float.self)
        try TensorFile.write(image, to: "\(data)/input_0.pb")
        try TensorFile.write(Tensor(logits.map { $0 + error }, shape: [1, 10]), to: "\(data)/output_0.pb")
    }

    @Test func theExitStatusTellsWhetherAllIsRight() throws {
        try withTestFolder { folder in
            try makeCase("right", in: folder, adding: 0)
            try makeCase("off", in: folder, adding: 1)
            let right = try QTuneProcess.run("verify", folder, "--filter", "right")
            #expect(right.status == 0 && right.messages.isEmpty)
            #expect(right.output.contains("1 cases: 1 pass, 0 wrong, 0 unsupported"))
            let both = try QTuneProcess.run("verify", "\(folder)/right", "\(folder)/off", "--json")
            #expect(both.status == 1)
            let summary = try #require(
                try JSONSerialization.jsonObject(with: Data(both.output.utf8)) as? [String: Any])
            #expect(summary["pass"] as? Int == 1 && summary["wrong"] as? Int == 1)
            let none = try QTuneProcess.run("verify", folder, "--filter", "nowhere")
            #expect(none.status == 64 && none.messages.contains("none of the 2 cases"))
        }
    }
}
