internal import QTuneTensor

/// Planned memory for the results of one step.
struct PlannedResults {
    /// By index; nil where there is none.
    let places: [Place?]
    /// Whose memory was handed out: bits by index of the result.
    private var given: UInt64 = 0

    /// Results of a step beyond these are never planned.
    static let most = UInt64.bitWidth

    init(_ places: [Place?]) { self.places = places }

    /// Begins an evaluation of the step.
    mutating func begin() { given = 0 }

    /// Planned memory, if there is such of this type and shape. It is handed out once an evaluation: an operator that
    /// asks again may still read what it got first.
    mutating func take(_ index: Int, _ dtype: DType, _ shape: Shape) -> Tensor? {
        guard index < min(places.count, Self.most), given & (1 << UInt64(index)) == 0,
            let place = places[index]?.tensor, place.dtype == dtype, place.shape == shape
        else { return nil }
        given |= 1 << UInt64(index)
        return place
    }

    /// Result `index` where it must lie, be it that it was made there or that it is moved; nil where it may lie
    /// elsewhere, and does.
    func placed(_ result: Tensor, at index: Int) throws -> Tensor? {
        guard index < places.count, let place = places[index] else { return nil }
        if result.isCopy(of: place.tensor) { return result }
        return place.isBinding ? try result.moved(to: place.tensor) : nil
    }
}

extension Tensor {
    /// The same elements in the memory of `place`.
    fileprivate func moved(to place: Tensor) throws -> Tensor {
        guard dtype == place.dtype, shape == place.shape else {
            throw QTuneError(
                .internalError, "a result of \(dtype)\(shape) where every run gives \(place.dtype)\(place.shape)")
        }
        place.copyBytes(0..<byteCount, of: self, to: 0)
        return place
    }
}
