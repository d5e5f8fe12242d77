import QTuneGraph
import QTuneTensor

/// Keeps, of boxes that overlap, the one that scores best. Operands: boxes [batch, boxes, 4], scores
/// [batch, classes, boxes], the most boxes to keep for a class of an image, the overlap (intersection over union) above
/// which a box gives way, the score that a box must exceed. Gives [kept, 3]: image, class and box.
struct NonMaxSuppression: Operator {
    static let name = "NonMaxSuppression"
    static let versions = [10, 11]

    /// Whether boxes are centre and size, else two corners.
    private let areCentered: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...5)
        let format = try node.int("center_point_box") ?? 0
        guard format == 0 || format == 1 else {
            throw QTuneError(.invalidModel, "attribute 'center_point_box' is \(format), neither 0 nor 1")
        }
        areCentered = format == 1
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.int64, [.unknown, .fixed(3)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let (boxes, scores) = (try context.tensor(0), try context.tensor(1))
        guard boxes.dtype == .float32, scores.dtype == .float32, boxes.shape.rank == 3, scores.shape.rank == 3,
            boxes.shape[2] == 4, boxes.shape[0] == scores.shape[0], boxes.shape[1] == scores.shape[2]
        else {
            throw QTuneError(
                .invalidInput, "boxes \(boxes.dtype)\(boxes.shape) and scores \(scores.dtype)\(scores.shape) do not fit"
            )
        }
        let most = max(0, try context.integers(2)?.first ?? 0)
        let overlap = try context.optionalTensor(3)?.floats().first ?? 0
        let threshold = try context.optionalTensor(4)?.floats().first
        var kept: [Int64] = []
        guard most > 0, boxes.shape[1] > 0 else { return [.tensor(Tensor(kept, shape: [0, 3]))] }
        let allScores = scores.array(of: Float.self)
        let count = boxes.shape[1]
        for (image, boxes) in try extents(boxes).enumerated() {
            for category in 0..<scores.shape[1] {
                let start = (image * scores.shape[1] + category) * count
                let scores = allScores[start..<start + count]
                for box in Self.select(boxes, Array(scores), most: most, overlap: overlap, above: threshold) {
                    kept += [Int64(image), Int64(category), Int64(box)]
                }
            }
        }
        return [.tensor(Tensor(kept, shape: [kept.count / 3, 3]))]
    }

    /// The boxes of each image.
    private func extents(_ boxes: Tensor) throws -> [[Extent]] {
        let numbers = boxes.array(of: Float.self)
        let count = boxes.shape[1]
        return (0..<boxes.shape[0]).map { image in
            (0..<count).map { box in
                let first = (image * count + box) * 4
                let (a, b, c, d) = (numbers[first], numbers[first + 1], numbers[first + 2], numbers[first + 3])
                return areCentered
                    ? Extent(left: a - c / 2, right: a + c / 2, top: b - d / 2, bottom: b + d / 2)
                    : Extent(left: min(b, d), right: max(b, d), top: min(a, c), bottom: max(a, c))
            }
        }
    }

    /// The boxes that are kept, best first.
    private static func select(
        _ boxes: [Extent], _ scores: [Float], most: Int, overlap: Float, above threshold: Float?
    ) -> [Int] {
        let candidates = scores.indices
            .filter { index in threshold.map { scores[index] > $0 } ?? true }
            .sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
        var kept: [Int] = []
        for candidate in candidates {
            if kept.count >= most { break }
            if !kept.contains(where: { boxes[candidate].overlap(boxes[$0]) > overlap }) { kept.append(candidate) }
        }
        return kept
    }
}

/// The sides of a box.
private struct Extent {
    let left: Float
    let right: Float
    let top: Float
    let bottom: Float

    private var area: Float { (right - left) * (bottom - top) }

    /// The area that both cover over the area that either covers; below 0 where they do not meet or a box is empty,
    /// so that it exceeds no threshold.
    func overlap(_ other: Extent) -> Float {
        let width = min(right, other.right) - max(left, other.left)
        let height = min(bottom, other.bottom) - max(top, other.top)
        guard width > 0, height > 0 else { return -.infinity }
        let common = width * height
        let union = area + other.area - common
        guard common > 0, area > 0, other.area > 0, union > 0 else { return -.infinity }
        return common / union
    }
}
