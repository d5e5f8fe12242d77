/// Everything that a run's report shows. Written to disk as JSON, drawn as one HTML page.
public struct Report: Codable, Sendable {
    public struct Fact: Codable, Sendable {
        public let name: String
        public let value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One evaluated variant of the network.
    public struct Candidate: Codable, Sendable {
        public var id: String
        /// What sets the variant apart, in a few words.
        public var label: String
        /// File size in bytes. Lower is better.
        public var sizeBytes: Int
        /// Loss of the run's metric against the float network, in points (0...100). Lower is better.
        public var loss: Double
        /// Interval that holds the true loss with 95 % confidence, in points.
        public var lossInterval: ClosedRange<Double>
        /// The loss on data that the search did not see, with its interval; nil where that was not measured.
        public var confirmedLoss: Double?
        public var confirmedInterval: ClosedRange<Double>?
        /// Every metric by name, shares as 0...1.
        public var metrics: [String: Double]
        /// Median of one inference in milliseconds; nil where it was not measured. Lower is better.
        public var latencyMilliseconds: Double?
        public var isOnFront: Bool
        /// 1 for the variant closest to the ideal point, and so on; nil for those not among the best.
        public var rank: Int?
        /// The file in the run's folder; nil for variants that were not kept.
        public var file: String?

        public init(
            id: String, label: String, sizeBytes: Int, loss: Double, lossInterval: ClosedRange<Double>,
            metrics: [String: Double], latencyMilliseconds: Double?, isOnFront: Bool, rank: Int?, file: String?
        ) {
            self.id = id
            self.label = label
            self.sizeBytes = sizeBytes
            self.loss = loss
            self.lossInterval = lossInterval
            self.metrics = metrics
            self.latencyMilliseconds = latencyMilliseconds
            self.isOnFront = isOnFront
            self.rank = rank
            self.file = file
        }
    }

    /// What quantization does to one layer.
    public struct Layer: Codable, Sendable {
        public var name: String
        /// The tensor's values before against after its quantize-dequantize pair, dB. Higher is better.
        public var qdqDecibels: Double?
        /// Float network against quantized network at the tensor, dB. Higher is better.
        public var xmodelDecibels: Double?
        /// What quantizing only this layer does to the network's output. Lower is better.
        public var quantizeOnly: Double?
        /// What the output gains when only this layer is restored to float. Higher means more harm done here.
        public var restoreOnly: Double?

        public init(
            name: String, qdqDecibels: Double? = nil, xmodelDecibels: Double? = nil, quantizeOnly: Double? = nil,
            restoreOnly: Double? = nil
        ) {
            self.name = name
            self.qdqDecibels = qdqDecibels
            self.xmodelDecibels = xmodelDecibels
            self.quantizeOnly = quantizeOnly
            self.restoreOnly = restoreOnly
        }
    }

    public var title: String
    /// The metric that losses are of: `top1`, `agreement`, ...
    public var metric: String
    /// Images behind every loss.
    public var samples: Int
    /// The smallest loss, in points, that so many images can show (80 % power at the 5 % level).
    public var smallestVisibleLoss: Double?
    /// Model, data, preprocessing, machine: in the order to be shown.
    public var facts: [Fact]
    /// The float network, then every variant.
    public var float: Candidate
    public var candidates: [Candidate]
    public var layers: [Layer]
    /// Area that the front dominates in the box: size 0.2...1 of the float file, loss 0...10 points. Higher is better.
    public var hypervolume: Double?

    public init(
        title: String, metric: String, samples: Int, smallestVisibleLoss: Double?, facts: [Fact], float: Candidate,
        candidates: [Candidate], layers: [Layer], hypervolume: Double?
    ) {
        self.title = title
        self.metric = metric
        self.samples = samples
        self.smallestVisibleLoss = smallestVisibleLoss
        self.facts = facts
        self.float = float
        self.candidates = candidates
        self.layers = layers
        self.hypervolume = hypervolume
    }
}
