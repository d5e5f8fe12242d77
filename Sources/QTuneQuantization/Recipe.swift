public import QTuneTensor

/// What to quantize, and how: one value that drives quantizing, searching and reporting, and that can be written by
/// hand.
public struct Recipe: Sendable, Equatable {
    /// The version of the written form.
    public static let currentSchema = 1

    /// How quantized layers are expressed.
    public enum Format: String, Sendable, Codable, CaseIterable {
        /// QuantizeLinear and DequantizeLinear with scales from calibration.
        case qdq
        /// Weights are integers, activations are quantized while the network runs.
        case dynamic
    }

    /// Whether scales stand for a whole tensor or for each output channel.
    public enum Granularity: String, Sendable, Codable, CaseIterable {
        case tensor, channel
    }

    /// How the scale of weights is chosen.
    public enum WeightScale: String, Sendable, Codable, CaseIterable {
        /// The largest magnitude is the largest integer.
        case maximum
        /// The scale with the least squared error, which may cut off the largest magnitudes.
        case squaredError
    }

    /// How the bias of a quantized layer is stored.
    public enum Bias: String, Sendable, Codable, CaseIterable {
        /// int32 with the scale of the accumulator.
        case int32
        /// float32: smaller, since it needs no scales of its own. Engines round it to the accumulator's scale.
        case float32
    }

    /// What becomes of a quantized layer's result that only unquantized nodes or the caller use.
    public enum Results: String, Sendable, Codable, CaseIterable {
        /// It is quantized like every other.
        case quantized
        /// Results of matrix products stay float32.
        case float32
    }

    /// Which scales the operands of a concatenation have.
    public enum ConcatScales: String, Sendable, Codable, CaseIterable {
        /// One for all, so that integers are copied as they are.
        case shared
        case separate
    }

    public enum Precision: String, Sendable, Codable, CaseIterable {
        case float32, int8
    }

    /// What differs for one group. nil: as the recipe says for all.
    public struct GroupChoice: Sendable, Equatable {
        public var precision: Precision?
        public var granularity: Granularity?
        public var weightScale: WeightScale?
        public var biasCorrection: Bool?

        public init(
            precision: Precision? = nil, granularity: Granularity? = nil, weightScale: WeightScale? = nil,
            biasCorrection: Bool? = nil
        ) {
            self.precision = precision
            self.granularity = granularity
            self.weightScale = weightScale
            self.biasCorrection = biasCorrection
        }
    }

    public var schema = Self.currentSchema
    public var format = Format.qdq
    /// uint8 or int8.
    public var activationType = DType.uint8
    /// Whether activations have the zero point in the middle of their type's range.
    public var symmetricActivations = false
    /// int8 (always symmetric) or uint8. Lookup tables are int8 in any case.
    public var weightType = DType.int8
    public var granularity = Granularity.channel
    public var weightScale = WeightScale.maximum
    public var bias = Bias.int32
    public var results = Results.float32
    public var concatScales = ConcatScales.shared
    public var calibration = RangeMethod.minMax
    /// Whether biases make up for the mean error that rounding the weights causes.
    public var biasCorrection = true
    /// The precision of groups that are not listed.
    public var precision = Precision.int8
    /// By name of the group.
    public var groups: [String: GroupChoice] = [:]

    public init() {}

    /// The same options with `names` in float32 and every other group in int8.
    public func excluding(_ names: some Sequence<String>) -> Recipe {
        var recipe = self
        recipe.precision = .int8
        recipe.groups = recipe.groups.mapValues { choice in
            var choice = choice
            choice.precision = nil
            return choice
        }
        for name in names { recipe.groups[name, default: GroupChoice()].precision = .float32 }
        return recipe
    }

    /// The same options with `names` in int8 and every other group in float32.
    public func quantizingOnly(_ names: some Sequence<String>) -> Recipe {
        var recipe = excluding([])
        recipe.precision = .float32
        for name in names { recipe.groups[name, default: GroupChoice()].precision = .int8 }
        return recipe
    }

    /// What holds for the group `name`.
    public func choice(for name: String) -> ResolvedChoice {
        let own = groups[name]
        return ResolvedChoice(
            precision: own?.precision ?? precision, granularity: own?.granularity ?? granularity,
            weightScale: own?.weightScale ?? weightScale, biasCorrection: own?.biasCorrection ?? biasCorrection)
    }

    /// A group's choice with nothing left open.
    public struct ResolvedChoice: Sendable, Hashable {
        public var precision: Precision
        public var granularity: Granularity
        public var weightScale: WeightScale
        public var biasCorrection: Bool
    }
}

extension Recipe {
    /// Throws where options do not fit one another, or a group is named that the model does not have.
    public func validate(groups known: [String]) throws {
        guard schema == Self.currentSchema else {
            throw QTuneError(
                .invalidData, "the recipe is of version \(schema), this program reads \(Self.currentSchema)")
        }
        for (what, type) in [("activations", activationType), ("weights", weightType)]
        where type != .uint8 && type != .int8 {
            throw QTuneError(.invalidData, "\(what) can be uint8 or int8, not \(type)", place: ["recipe"])
        }
        try calibration.validate()
        let names = Set(known)
        for name in groups.keys.sorted() where !names.contains(name) {
            let near = nearestNames(to: name, among: known)
            throw QTuneError(
                .invalidData, "the model has no group '\(name)'", place: ["recipe"],
                remedy: near.isEmpty
                    ? "the model has \(known.count) groups" : "did you mean '\(near.joined(separator: "', '"))'?")
        }
    }

    /// Reads the written form. Options that are left out have their usual values; unknown ones are errors.
    public init(json: [UInt8]) throws { self = try decodeJSON(Recipe.self, from: json, what: "recipe") }

    /// The written form.
    public func json() throws -> [UInt8] { try encodeJSON(self) }
}
