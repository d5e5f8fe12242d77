public import ArgumentParser
internal import FoundationEssentials
public import QTune

extension ResamplingFilter: ExpressibleByArgument {}
extension Preprocessing.Layout: ExpressibleByArgument {
    public init?(argument: String) { self.init(rawValue: argument.lowercased()) }
}

/// How pictures become inputs. The same for every data set of a command.
struct DataOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Resize so that the shorter side has N pixels.", valueName: "N"))
    var resize: Int?
    @Option(help: ArgumentHelp("Resize to a square of N pixels, whatever the proportions.", valueName: "N"))
    var squash: Int?
    @Option(help: ArgumentHelp("Cut a square of N pixels from the centre.", valueName: "N"))
    var crop: Int?
    @Option(help: "How pixels are computed when resizing; --squash takes the nearest unless told otherwise.")
    var filter: ResamplingFilter?
    @Option(parsing: .upToNextOption, help: "Subtracted from pixels of 0...255: one value, or one a channel.")
    var mean: [Float] = []
    @Option(parsing: .upToNextOption, help: "Pixels are divided by it after --mean: one value, or one a channel.")
    var std: [Float] = []
    @Flag(help: "Channels in the order blue, green, red.")
    var bgr = false
    @Option(help: "Order of axes; taken from the network's input unless given.")
    var layout: Preprocessing.Layout?

    func validate() throws {
        if resize != nil, squash != nil { throw ValidationError("give --resize or --squash, not both") }
        for (name, values) in [("--mean", mean), ("--std", std)] where ![0, 1, 3].contains(values.count) {
            throw ValidationError("\(name) takes one value or three, not \(values.count)")
        }
    }

    /// The preprocessing for `model`, whose input tells the layout.
    func preprocessing(for model: Model) throws -> Preprocessing {
        func channels(_ values: [Float], default value: Float) -> [Float] {
            values.count == 3 ? values : [Float](repeating: values.first ?? value, count: 3)
        }
        return try Preprocessing(
            resize: resize.map { .shorterSide($0) } ?? squash.map { .squash($0) },
            filter: filter ?? (squash == nil ? .bilinear : .nearest), crop: crop, mean: channels(mean, default: 0),
            std: channels(std, default: 1), channelOrder: bgr ? .bgr : .rgb, layout: layout ?? Self.layout(of: model))
    }

    /// What data are, for the help of commands.
    static let formats =
        "Data are a folder of pictures (with labels.csv or one folder a class), or an .npz file: x (float32 inputs, or "
        + "uint8 pixels with mean and std), or one array for each input by the input's name, the first axis of which "
        + "counts samples; y holds labels."

    /// The data at `path`: a folder of pictures, or an .npz or .npy file.
    func dataset(_ path: String, for model: Model, limit: Int? = nil) throws -> any Dataset {
        if let limit, limit < 1 { throw ValidationError("a limit is at least 1") }
        let data = try open(path, for: model)
        return limit.map { data.spread($0) } ?? data
    }

    private func open(_ path: String, for model: Model) throws -> any Dataset {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw QTuneError(.inputOutput, "there is no such file or folder", place: ["data '\(path)'"])
        }
        if isFolder { return try ImageFolder(path: path, preprocessing: preprocessing(for: model)) }
        return try ArrayFile(path: path).samples(
            for: model.graph.requiredInputs.map(\.name), preprocessing: isEmpty ? nil : preprocessing(for: model))
    }

    private var isEmpty: Bool {
        resize == nil && squash == nil && crop == nil && mean.isEmpty && std.isEmpty && !bgr && layout == nil
    }

    /// NHWC where only the input's last axis can be that of three channels.
    private static func layout(of model: Model) -> Preprocessing.Layout {
        guard let axes = model.graph.requiredInputs.first?.type?.dimensions, axes.count == 4 else { return .nchw }
        return axes[3].value == 3 && axes[1].value != 3 ? .nhwc : .nchw
    }
}
