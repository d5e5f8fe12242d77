/// The order in which parts of a network are left in float, and what it was made from.
public struct ExemptionRanking: Codable, Sendable, Equatable {
    /// What was measured of one group or tensor.
    public struct Score: Codable, Sendable, Equatable {
        public var name: String
        /// Signal-to-noise ratio of the quantize-dequantize pair, dB. Higher is better.
        public var qdqDecibels: Double?
        /// Signal-to-noise ratio of the quantized against the float network there, dB. Higher is better.
        public var xmodelDecibels: Double?
        /// Divergence of the network's output when only this is int8. Lower is better.
        public var quantizeOnly: Double?
        /// By how much the divergence of full int8 shrinks when only this is float. Higher: exempt it earlier.
        public var restoreOnly: Double?
        /// Bytes that the file grows by when this is float.
        public var cost: Int?

        public init(
            name: String, qdqDecibels: Double? = nil, xmodelDecibels: Double? = nil, quantizeOnly: Double? = nil,
            restoreOnly: Double? = nil, cost: Int? = nil
        ) {
            self.name = name
            self.qdqDecibels = qdqDecibels
            self.xmodelDecibels = xmodelDecibels
            self.quantizeOnly = quantizeOnly
            self.restoreOnly = restoreOnly
            self.cost = cost
        }
    }

    /// Each step names what is exempted besides everything before it.
    public var steps: [String]
    public var scores: [Score]
    /// The recipe that the path starts from; nil for the published path, which has its own quantizer.
    public var base: Candidate?

    public init(steps: [String], scores: [Score], base: Candidate? = nil) {
        self.steps = steps
        self.scores = scores
        self.base = base
    }
}
