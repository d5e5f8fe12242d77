public import QTuneTensor

/// Samples in an .npz archive or an .npy file.
///
/// An archive holds `x` and, where known, `y` (labels), `mean`, `std` (one value a channel, on the scale 0...255) and
/// `layout` ("NCHW" or "NHWC"). `x` is either uint8 [samples, height, width, channels], which is normalized and laid
/// out, or float32 in the network's own layout.
public struct ArrayDataset: Dataset {
    private let samples: Tensor
    public let labels: [Int]?
    public let identity: String
    /// How bytes become inputs; nil where the array holds inputs already.
    private let preprocessing: Preprocessing?

    /// - Parameter preprocessing: what to do with uint8 pixels where the archive does not say it itself, or otherwise
    ///   than it says.
    public init(path: String, preprocessing given: Preprocessing? = nil) throws {
        let arrays = try locating("file '\(path)'") {
            path.hasSuffix(".npy") ? ["x": try Npy.read(path: path)] : try Npz.read(path: path)
        }
        self = try locating("file '\(path)'") { try ArrayDataset(arrays, preprocessing: given) }
    }

    /// Samples that are in memory, by the names of the archive's arrays.
    init(_ arrays: [String: Tensor], preprocessing given: Preprocessing?) throws {
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
        labels = try arrays["y"].map { y in
            guard let integers = y.integers, integers.count == x.shape[0] else {
                throw QTuneError(
                    .invalidData, "'y' is \(y.dtype) \(y.shape), not a label for each of \(x.shape[0]) samples")
            }
            return integers
        }
        var hash = StableHash()
        x.withBytes { bytes in
            for index in bytes.indices { hash.update(bytes[index]) }
        }
        for label in labels ?? [] { hash.update("\(label)\n".utf8) }
        identity = hash.text + (preprocessing.map { "\($0)" } ?? "")
    }

    public var count: Int { samples.shape[0] }

    public func input(at index: Int) throws -> Tensor {
        let shape = Array(samples.shape.dimensions.dropFirst())
        let length = shape.reduce(1, *)
        let start = index * length
        if let preprocessing {
            let pixels = samples.withSpan(of: UInt8.self) { all in (start..<start + length).map { all[$0] } }
            return try preprocessing.tensor(Image(width: shape[1], height: shape[0], pixels: pixels))
        }
        let values = samples.withSpan(of: Float.self) { all in (start..<start + length).map { all[$0] } }
        return Tensor(values, shape: Shape([1] + shape))
    }

    public func fingerprint(at index: Int) throws -> StableHash {
        var hash = StableHash()
        let length = samples.byteCount / count
        samples.withBytes { bytes in
            for position in index * length..<(index + 1) * length { hash.update(bytes[position]) }
        }
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
