internal import QTuneQuantization

/// The order in which parts of a network are made more exact, and what it was made from.
public struct ExemptionRanking: Codable, Sendable, Equatable {
    /// One change that a path adds to those before it.
    public struct Step: Codable, Sendable, Equatable {
        public enum Change: String, Codable, Sendable {
            /// The group stays int8; its weights get a scale for each channel instead of one.
            case perChannel
            /// The group goes back to float32.
            case float32
        }

        /// The group, or the node of the published path.
        public var name: String
        public var change: Change

        public init(name: String, change: Change) {
            self.name = name
            self.change = change
        }
    }

    /// What was measured of one group or tensor.
    public struct Score: Codable, Sendable, Equatable {
        public var name: String
        /// Signal-to-noise ratio of the quantize-dequantize pair, dB. Higher is better.
        public var qdqDecibels: Double?
        /// Signal-to-noise ratio of the quantized against the float network there, dB. Higher is better.
        public var xmodelDecibels: Double?
        /// Divergence of the network's output when only this is int8 with scales per channel. Lower is better.
        public var quantizeOnly: Double?
        /// The same with one scale for each weight tensor. Lower is better.
        public var quantizeOnlyPerTensor: Double?
        /// By how much the divergence of full int8 shrinks when only this is float. Higher: exempt it earlier.
        public var restoreOnly: Double?
        /// Bytes that the file grows by when this is float instead of int8 with scales per channel.
        public var cost: Int?

        public init(
            name: String, qdqDecibels: Double? = nil, xmodelDecibels: Double? = nil, quantizeOnly: Double? = nil,
            quantizeOnlyPerTensor: Double? = nil, restoreOnly: Double? = nil, cost: Int? = nil
        ) {
            self.name = name
            self.qdqDecibels = qdqDecibels
            self.xmodelDecibels = xmodelDecibels
            self.quantizeOnly = quantizeOnly
            self.quantizeOnlyPerTensor = quantizeOnlyPerTensor
            self.restoreOnly = restoreOnly
            self.cost = cost
        }
    }

    public var steps: [Step]
    public var scores: [Score]
    /// The recipe that the path starts from; nil for the published path, which has its own quantizer.
    public var base: Candidate?

    public init(steps: [Step], scores: [Score], base: Candidate? = nil) {
        self.steps = steps
        self.scores = scores
        self.base = base
    }
}
