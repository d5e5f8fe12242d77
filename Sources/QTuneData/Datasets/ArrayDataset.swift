public import QTuneTensor

/// Samples of one input in an .npz archive or an .npy file.
///
/// An archive holds `x` and, where known, `y` (labels), `mean`, `std` (one value a channel, on the scale 0...255) and
/// `layout` ("NCHW" or "NHWC"). `x` is either uint8 [samples, height, width, channels], which is normalized and laid
/// out, or float32 in the network's own layout.
public struct ArrayDataset: Dataset {
    private let samples: Tensor
    public let labels: [Int]?
    public let identity: String
    public let place: String?
    /// How bytes become inputs; nil where the array holds inputs already.
    private let preprocessing: Preprocessing?

    /// - Parameter preprocessing: what to do with uint8 pixels where the archive does not say it itself, or otherwise
    ///   than it says.
    public init(path: String, preprocessing given: Preprocessing? = nil) throws {
        self = try ArrayFile(path: path).pictures(preprocessing: given)
    }

    /// Samples that are in memory, by the names of the archive's arrays.
    init(_ arrays: [String: Tensor], preprocessing given: Preprocessing?, place: String? = nil) throws {
        guard let x = arrays["x"], x.shape.rank >= 1, x.shape[0] > 0 else {
            throw QTuneError(.invalidData, "there is no array 'x' of samples")
        }
        switch x.dtype {
        case .float32:
            guard given == nil else {
                throw QTuneError(
                    .invalidArgument, "'x' is float32, which is taken as it is",
                    remedy: "leave out the options for pictures, or store uint8 pixels")
            }
            preprocessing = nil
        case .uint8:
            guard x.shape.rank == 4, x.shape[3] == 3 else {
                throw QTuneError(.invalidData, "'x' is uint8 \(x.shape), not [samples, height, width, 3]")
            }
            preprocessing = try given ?? Self.preprocessing(arrays)
        default: throw QTuneError(.invalidData, "'x' is \(x.dtype), neither uint8 nor float32")
        }
        samples = x
        self.place = place
        labels = try arrays["y"].map { try ArrayFile.labels($0, of: x.shape[0]) }
        var hash = StableHash()
        hash.update(x)
        for label in labels ?? [] { hash.update("\(label)\n".utf8) }
        identity = hash.text + (preprocessing.map { "\($0)" } ?? "")
    }

    public var count: Int { samples.shape[0] }

    public func input(at index: Int) throws -> Tensor {
        let sample = samples.row(index)
        guard let preprocessing else { return sample }
        return try preprocessing.tensor(
            Image(width: sample.shape[2], height: sample.shape[1], pixels: sample.array(of: UInt8.self)))
    }

    public func fingerprint(at index: Int) throws -> StableHash {
        var hash = StableHash()
        hash.update(samples.row(index))
        return hash
    }

    /// What the archive says of its pixels. Channels are in the network's order already.
    private static func preprocessing(_ arrays: [String: Tensor]) throws -> Preprocessing {
        func channels(_ name: String) throws -> [Float] {
            guard let array = arrays[name] else {
                throw QTuneError(.invalidData, "there is no '\(name)'", remedy: "store it, or give --mean and --std")
            }
            guard array.dtype == .float32, array.count == 3 || array.count == 1 else {
                throw QTuneError(
                    .invalidData, "'\(name)' is \(array.dtype) \(array.shape), not float32 for each channel")
            }
            let values = array.array(of: Float.self)
            return values.count == 3 ? values : [Float](repeating: values[0], count: 3)
        }
        let layout = arrays["layout"]?.strings.first ?? "NCHW"
        guard let layout = Preprocessing.Layout(rawValue: layout.lowercased()) else {
            throw QTuneError(.invalidData, "the layout '\(layout)' is neither NCHW nor NHWC")
        }
        return try Preprocessing(mean: channels("mean"), std: channels("std"), layout: layout)
    }
}
