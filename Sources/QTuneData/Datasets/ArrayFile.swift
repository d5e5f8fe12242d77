internal import QTuneTensor

/// A file of arrays that hold samples: an .npz archive, or an .npy file, whose only array is called `x`.
public struct ArrayFile {
    private let arrays: [String: Tensor]
    private let place: String

    public init(path: String) throws {
        place = "file '\(path)'"
        arrays = path.hasSuffix(".npy") ? ["x": try Npy.read(path: path)] : try Npz.read(path: path)
    }

    /// The samples for a network with `inputs`.
    ///
    /// Each input has an array of its name, whose first axis counts samples; `y`, unless an input is called so, holds
    /// labels. For a network with one input the array may be called `x` instead; where that is uint8 or float32, it is
    /// read as `ArrayDataset` says.
    /// - Parameter preprocessing: what to do with pixels otherwise than the file says.
    public func samples(for inputs: [String], preprocessing: Preprocessing?) throws -> any Dataset {
        var named = arrays
        if let input = inputs.first, inputs.count == 1, let x = arrays["x"] {
            guard input == "x" || arrays[input] == nil else {
                throw QTuneError(
                    .invalidData, "both 'x' and '\(input)' could feed the network's only input '\(input)'",
                    place: [place], remedy: "leave one of them out of the file")
            }
            if x.dtype == .uint8 || x.dtype == .float32 { return try pictures(preprocessing: preprocessing) }
            named["x"] = nil
            named[input] = x
        }
        guard preprocessing == nil else {
            throw QTuneError(
                .invalidArgument, "arrays by the names of inputs are taken as they are", place: [place],
                remedy: "leave out the options for pictures")
        }
        let labels = inputs.contains("y") ? nil : named.removeValue(forKey: "y")
        return try locating(place) { try NamedArrayDataset(named, labels: labels, place: place) }
    }

    func pictures(preprocessing: Preprocessing?) throws -> ArrayDataset {
        try locating(place) { try ArrayDataset(arrays, preprocessing: preprocessing, place: place) }
    }

    static func labels(_ y: Tensor, of count: Int) throws -> [Int] {
        guard let integers = y.integers, integers.count == count else {
            throw QTuneError(.invalidData, "'y' is \(y.dtype) \(y.shape), not a label for each of \(count) samples")
        }
        return integers
    }
}

extension Tensor {
    /// Element `index` of the first axis, which is kept with length 1.
    func row(_ index: Int) -> Tensor { part(index, of: Shape([1] + shape.dimensions.dropFirst())) }
}
