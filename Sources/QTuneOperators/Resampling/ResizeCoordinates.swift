import QTuneTensor

/// Where the places of a resized axis lie on the original, by the standard's names.
enum ResizeCoordinates: String, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case halfPixelNearest = "tf_half_pixel_for_nn"
    case cropAndResize = "tf_crop_and_resize"
}

/// How one axis is resized.
struct ResizedAxis: Sendable {
    let input: Int
    let output: Int
    let scale: Float
    /// The length of the result before it is rounded down to `output`.
    var unrounded: Float { isSized ? Float(output) : scale * Float(input) }
    /// Whether the length was given and the scale follows from it, else the other way round.
    var isSized = false
    /// The part of the axis that is cropped to, as fractions of its length; used by `cropAndResize` only.
    let crop: (start: Float, end: Float)

    /// The place on the original of place `x` of the result, in elements.
    func original(_ x: Int, _ coordinates: ResizeCoordinates) -> Float {
        let place = Float(x)
        let length = Float(input)
        switch coordinates {
        case .halfPixel: return (place + 0.5) / scale - 0.5
        case .halfPixelSymmetric:
            let adjustment = Float(output) / unrounded
            return length / 2 * (1 - adjustment) + (place + 0.5) / scale - 0.5
        case .pytorchHalfPixel: return output > 1 ? (place + 0.5) / scale - 0.5 : 0
        case .alignCorners: return output > 1 ? place * (length - 1) / (unrounded - 1) : 0
        case .asymmetric: return place / scale
        case .halfPixelNearest: return (place + 0.5) / scale
        case .cropAndResize:
            guard output > 1 else { return 0.5 * (crop.start + crop.end) * (length - 1) }
            return crop.start * (length - 1) + place * (crop.end - crop.start) * (length - 1) / Float(output - 1)
        }
    }

    /// Whether the axis stays as it is.
    func isIdentity(_ coordinates: ResizeCoordinates) -> Bool {
        input == output && scale == 1 && (coordinates != .cropAndResize || (crop.start == 0 && crop.end == 1))
            && coordinates != .halfPixelNearest
    }
}

/// How the nearest element is chosen, by the standard's names.
enum NearestMode: String, Sendable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor
    case ceil
    /// What there was before the choice: up when an axis shrinks, else down.
    case simple

    func index(_ place: Float, _ axis: ResizedAxis) -> Int {
        let rounded: Float =
            switch self {
            case .roundPreferFloor: (place - 0.5).rounded(.up)
            case .roundPreferCeil: (place + 0.5).rounded(.down)
            case .floor: place.rounded(.down)
            case .ceil: place.rounded(.up)
            case .simple: axis.scale < 1 ? place.rounded(.up) : place.rounded(.towardZero)
            }
        // Bounds come first: a place may be huge or NaN.
        guard rounded > 0 else { return 0 }
        return rounded < Float(axis.input - 1) ? Int(rounded) : axis.input - 1
    }
}
