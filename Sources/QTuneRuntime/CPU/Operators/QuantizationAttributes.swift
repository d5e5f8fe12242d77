internal import QTuneGraph
internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// How the CPU's own integer nodes write down the quantization of an operand or a result, `x` for example: attributes
/// `x_scale`, `x_zero_point` and `x_type`.
enum QuantizationAttributes {
    static func write(_ parameters: QuantizationParameters, _ prefix: String, to node: inout Node) {
        node.attributes["\(prefix)_scale"] = .float(parameters.scales.first ?? 1)
        node.attributes["\(prefix)_zero_point"] = .int(Int64(parameters.zeroPoints.first ?? 0))
        node.attributes["\(prefix)_type"] = .int(Int64(parameters.dtype.rawValue))
    }

    /// Throws for types other than `uint8` and `int8`.
    static func read(_ prefix: String, from node: NodeReader) throws -> QuantizationParameters {
        let scale = try node.required("\(prefix)_scale", try node.float("\(prefix)_scale"))
        let zeroPoint = try node.required("\(prefix)_zero_point", try node.int("\(prefix)_zero_point"))
        let type = try node.required("\(prefix)_type", try node.int("\(prefix)_type"))
        return try parameters(scale: scale, zeroPoint: zeroPoint, type: type)
    }

    static func parameters(scale: Float, zeroPoint: Int, type: Int) throws -> QuantizationParameters {
        guard let raw = Int32(exactly: type), let dtype = DType(rawValue: raw), dtype == .uint8 || dtype == .int8,
            dtype.integerRange?.contains(zeroPoint) == true
        else { throw QTuneError(.invalidModel, "zero point \(zeroPoint) of type \(type) is not of 8 bits") }
        return QuantizationParameters(dtype: dtype, scales: [scale], zeroPoints: [Int32(zeroPoint)])
    }
}

/// The ends between which an integer result is kept: a Relu or Clip that became part of the node.
enum ClampAttribute {
    private static let name = "clamp"

    static func write(_ clamp: ClosedRange<Int32>?, to node: inout Node) {
        guard let clamp else { return }
        node.attributes[name] = .ints([Int64(clamp.lowerBound), Int64(clamp.upperBound)])
    }

    static func read(_ node: NodeReader, _ name: String = name) throws -> ClosedRange<Int32>? {
        guard let ends = try node.ints(name) else { return nil }
        let exact = ends.compactMap { Int32(exactly: $0) }
        guard exact.count == 2, ends.count == 2, exact[0] <= exact[1] else {
            throw QTuneError(.invalidModel, "a clamp between \(ends)")
        }
        return exact[0]...exact[1]
    }
}

/// A quantized tensor that a node adds to its quantized result, and the quantization of the total: attributes
/// `addend_...`, `total_...` and `total_clamp`.
struct IntegerAddition: Hashable, Sendable {
    let addend: QuantizationParameters
    let total: QuantizationParameters
    let clamp: ClosedRange<Int32>?

    /// nil for a node that adds nothing.
    init?(_ node: NodeReader) throws {
        guard try node.float("addend_scale") != nil else { return nil }
        addend = try QuantizationAttributes.read("addend", from: node)
        total = try QuantizationAttributes.read("total", from: node)
        clamp = try ClampAttribute.read(node, "total_clamp")
    }
}

/// The quantization of an operand that is known only while the network runs.
struct DynamicInput {
    let zeroPoint: Int32
    let scale: Float

    /// The operands of those numbers; nil where there is no scale. A zero point left out is 0.
    init?(_ context: EvaluationContext, zeroPoint: Int, scale: Int) throws {
        guard let given = try context.optionalTensor(scale) else { return nil }
        guard let scale = given.singleFloat else {
            throw QTuneError(.invalidInput, "a scale of \(given.dtype)\(given.shape), not one float32")
        }
        let point = try context.optionalTensor(zeroPoint)
        guard let integer = point == nil ? 0 : point?.singleInteger,
            (-128...255).contains(integer)
        else { throw QTuneError(.invalidInput, "a zero point that is not one integer of 8 bits") }
        (self.zeroPoint, self.scale) = (Int32(integer), scale)
    }
}

/// What an integer convolution or product makes of its sums.
enum IntegerOutput: Hashable, Sendable {
    /// 8-bit integers.
    case quantized(QuantizationParameters, clamp: ClosedRange<Int32>?)
    /// float32, between two ends that may be infinite.
    case real(lower: Float, upper: Float)

    func write(to node: inout Node) {
        switch self {
        case .quantized(let parameters, let clamp):
            QuantizationAttributes.write(parameters, "y", to: &node)
            ClampAttribute.write(clamp, to: &node)
        case .real(let lower, let upper): node.attributes["real"] = .floats([lower, upper])
        }
    }

    init(_ node: NodeReader) throws {
        if let ends = try node.floats("real") {
            guard ends.count == 2 else { throw QTuneError(.invalidModel, "\(ends.count) ends of a range") }
            self = .real(lower: ends[0], upper: ends[1])
        } else {
            self = .quantized(try QuantizationAttributes.read("y", from: node), clamp: try ClampAttribute.read(node))
        }
    }

    init(quantized parameters: QuantizationParameters, clamp: ClosedRange<Int32>?) {
        self = .quantized(parameters, clamp: clamp)
    }

    var dtype: DType {
        switch self {
        case .quantized(let parameters, _): parameters.dtype
        case .real: .float32
        }
    }

    /// - Parameters:
    ///   - scales: of the sums: the input's scale times the weights', one or one for each channel.
    ///   - bias: real numbers to add; only for real results.
    ///   - addition: only for quantized results.
    ///   - addsReals: whether something is added to a real result.
    func epilogue(
        scales: [Float], bias: [Float]?, addition: IntegerAddition? = nil, addsReals: Bool = false
    ) -> IntegerEpilogue {
        switch self {
        case .quantized(let parameters, let clamp):
            var requantization = Requantization(
                multipliers: scales.map { $0 / parameters.scales[0] }, zeroPoint: parameters.zeroPoints[0],
                dtype: parameters.dtype, lower: clamp?.lowerBound, upper: clamp?.upperBound)
            requantization.addition = addition.map {
                .init(scale: parameters.scales[0], addend: $0.addend, total: $0.total, clamp: $0.clamp)
            }
            return .requantize(requantization)
        case .real(let lower, let upper):
            return .dequantize(scales: scales, bias: bias, lower: lower, upper: upper, adds: addsReals)
        }
    }
}

/// The quantization of constant weights: one scale and zero point, or one for each output channel.
struct WeightQuantization: Hashable, Sendable {
    var scales: [Float]
    var zeroPoints: [Int32]

    init(scales: [Float], zeroPoints: [Int32]) {
        self.scales = scales
        self.zeroPoints = zeroPoints
    }

    func write(to node: inout Node) {
        node.attributes["weight_scales"] = .floats(scales)
        node.attributes["weight_zero_points"] = .ints(zeroPoints.map(Int64.init))
    }

    init(_ node: NodeReader) throws {
        scales = try node.required("weight_scales", try node.floats("weight_scales"))
        let points = try node.required("weight_zero_points", try node.ints("weight_zero_points"))
        zeroPoints = points.compactMap { Int32(exactly: $0) }
        guard zeroPoints.count == points.count, !scales.isEmpty, !points.isEmpty else {
            throw QTuneError(.invalidModel, "weights without scales or zero points")
        }
    }
}

/// A bias in the units of the sums, or in real numbers.
struct IntegerBias {
    let sums: [Int32]?
    let reals: [Float]?

    init(_ tensor: Tensor?) throws {
        switch tensor?.dtype {
        case nil: (sums, reals) = (nil, nil)
        case .int32?: (sums, reals) = (tensor?.array(of: Int32.self), nil)
        case .float32?: (sums, reals) = (nil, tensor?.array(of: Float.self))
        case let other?: throw QTuneError(.invalidModel, "a bias of \(other)")
        }
    }
}
