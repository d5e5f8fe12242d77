import QTuneTensor

/// The names of classes or keys: integers or strings.
enum ClassLabels: Sendable {
    case integers([Int64])
    case strings([String])

    /// The labels that one of two attributes holds; where both or neither do, the strings win and nil is given.
    init?(_ node: NodeReader, integers: String, strings: String) throws {
        if let labels = try node.strings(strings), !labels.isEmpty {
            self = .strings(labels)
        } else if let labels = try node.ints(integers), !labels.isEmpty {
            self = .integers(labels.map { Int64($0) })
        } else {
            return nil
        }
    }

    /// The labels of a classifier, which needs some.
    static func required(_ node: NodeReader, integers: String, strings: String) throws -> ClassLabels {
        guard let labels = try ClassLabels(node, integers: integers, strings: strings) else {
            throw QTuneError(.invalidModel, "neither '\(integers)' nor '\(strings)' holds labels")
        }
        return labels
    }

    var count: Int {
        switch self {
        case .integers(let labels): labels.count
        case .strings(let labels): labels.count
        }
    }

    var dtype: DType {
        switch self {
        case .integers: .int64
        case .strings: .string
        }
    }

    /// The labels as a tensor of one axis.
    var tensor: Tensor {
        switch self {
        case .integers(let labels): Tensor(labels)
        case .strings(let labels): Tensor(strings: labels, shape: [labels.count])
        }
    }

    /// The labels at `places`, each of which is one.
    func tensor(at places: [Int]) -> Tensor {
        switch self {
        case .integers(let labels): Tensor(places.map { labels[$0] })
        case .strings(let labels): Tensor(strings: places.map { labels[$0] }, shape: [places.count])
        }
    }

    /// The places of the labels in ascending order.
    var ascendingOrder: [Int] {
        switch self {
        case .integers(let labels): labels.indices.sorted { labels[$0] < labels[$1] }
        case .strings(let labels): labels.indices.sorted { labels[$0] < labels[$1] }
        }
    }

    /// The labels that a two-way decision gives: the two that there are, else 0 and 1.
    var decision: ClassLabels {
        switch self {
        case .integers(let labels): .integers(labels.count == 2 ? labels : [0, 1])
        case .strings(let labels): .strings(labels.count == 2 ? labels : ["0", "1"])
        }
    }
}
