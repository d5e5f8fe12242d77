internal import ArgumentParser
internal import FoundationEssentials
internal import QTune

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a network on a picture or on arrays.",
        discussion: "Give --image, or --input NAME=FILE.npy for each input. --output writes every result as NAME.npy, "
            + "or as NAME.json where it is no tensor of numbers.")

    @OptionGroup var model: ModelArgument
    @OptionGroup var data: DataOptions
    @Option(help: "A picture: \(ImageDecoder.formats).")
    var image: String?
    @Option(name: .customLong("input"), help: ArgumentHelp("An array for an input.", valueName: "NAME=FILE.npy"))
    var inputs: [String] = []
    @Option(help: "A folder for the results.")
    var output: String?
    @Option(help: "Threads that work on the inference.")
    var threads = 1
    @Flag(help: "Print JSON.")
    var json = false

    private struct Result: Encodable {
        let name: String
        let type: String
        /// The positions of the largest elements of a float result, and those elements.
        let best: [Best]?
        /// The entries of each map of a sequence of maps.
        let maps: [[String: String]]?
        struct Best: Encodable {
            let index: Int
            let value: Float
        }
    }

    func validate() throws {
        try ThreadsOption.check(threads)
        if image != nil, !inputs.isEmpty { throw ValidationError("give --image or --input, not both") }
    }

    func run() throws {
        let network = try model.read()
        if image == nil, inputs.isEmpty, !network.graph.requiredInputs.isEmpty {
            throw ValidationError("give --image, or --input for each input")
        }
        let feeds = try feeds(network)
        let results = try model.located {
            try Session(network, options: SessionOptions(threads: threads)).runValues(feeds.mapValues(Value.tensor))
        }
        if let output { try ResultFiles.write(results, outputs: network.graph.outputs.map(\.name), to: output) }
        let summary = network.graph.outputs.compactMap { info in
            results[info.name].map { value in
                Result(
                    name: info.name, type: value.type.description, best: value.tensor.flatMap(Self.best),
                    maps: ResultFiles.maps(value))
            }
        }
        if json { return try Console.print(json: summary) }
        for result in summary {
            Console.print("\(result.name)  \(result.type)")
            Console.print(
                (result.best ?? []).map { entry in
                    let index = String(entry.index)
                    return "  " + index + String(repeating: " ", count: max(0, 8 - index.count)) + "\(entry.value)"
                })
            for map in result.maps ?? [] {
                let entries = map.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                Console.print("  " + entries.joined(separator: ", "))
            }
        }
    }

    private func feeds(_ network: Model) throws -> [String: Tensor] {
        if let image {
            guard let bytes = FileManager.default.contents(atPath: image) else {
                throw QTuneError(.inputOutput, "the file cannot be read", place: ["picture '\(image)'"])
            }
            let picture = try locating("picture '\(image)'") { try ImageDecoder.decode([UInt8](bytes)) }
            let tensor = try data.preprocessing(for: network).tensor(picture)
            return try DatasetFeeds(SingleSample(tensor: tensor, identity: image), for: network).feeds(0)
        }
        let known = network.graph.inputs.map(\.name)
        var feeds: [String: Tensor] = [:]
        for input in inputs {
            // A name may hold the sign, a path to a file hardly ever does.
            guard let sign = input.lastIndex(of: "="), sign > input.startIndex else {
                throw ValidationError("--input takes NAME=FILE.npy, not '\(input)'")
            }
            let name = String(input[..<sign])
            guard known.contains(name) else {
                throw QTuneError(
                    .invalidArgument, "the network has no input called '\(name)'", place: ["--input"],
                    remedy: "its inputs are: \(known.joined(separator: ", "))")
            }
            guard feeds[name] == nil else {
                throw QTuneError(.invalidArgument, "the input '\(name)' is given twice", place: ["--input"])
            }
            feeds[name] = try Npy.read(path: String(input[input.index(after: sign)...]))
        }
        return feeds
    }

    private static func best(of tensor: Tensor) -> [Result.Best]? {
        guard tensor.dtype == .float32, tensor.count > 0 else { return nil }
        let values = tensor.array(of: Float.self)
        let ranking = (try? Prediction(logits: tensor).ranking) ?? []
        return ranking.map { Result.Best(index: $0, value: values[$0]) }
    }
}

/// One tensor as a data set.
private struct SingleSample: Dataset {
    let tensor: Tensor
    let identity: String
    var count: Int { 1 }
    var labels: [Int]? { nil }
    func input(at index: Int) throws -> Tensor { tensor }
    func fingerprint(at index: Int) throws -> StableHash { StableHash([identity]) }
}
