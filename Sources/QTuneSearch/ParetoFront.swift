internal import FoundationEssentials

/// Points of which each coordinate is to be small: which of them no other point beats, and how close each comes to the
/// ideal point.
public enum ParetoFront {
    /// The positions of the points that no other point dominates, ascending. A point dominates another when it is no
    /// worse in every coordinate and better in one; of equal points the first stays. NaN coordinates never enter the
    /// front.
    public static func indices(of points: [[Double]]) -> [Int] {
        points.indices.filter { index in
            !points[index].contains(where: \.isNaN)
                && !points.indices.contains { other in
                    other != index
                        && (dominates(points[other], points[index])
                            || (other < index && points[other] == points[index]))
                }
        }
    }

    /// Whether `a` is no worse than `b` in every coordinate and better in one.
    public static func dominates(_ a: [Double], _ b: [Double]) -> Bool {
        precondition(a.count == b.count, "points of \(a.count) and \(b.count) coordinates")
        return zip(a, b).allSatisfy { $0 <= $1 } && zip(a, b).contains { $0 < $1 }
    }

    /// The Euclidean distance of each point to the ideal one, after each coordinate was scaled to 0...100 over the
    /// points. A coordinate in which all points agree counts nothing.
    /// - Parameter leastRanges: for each coordinate, the difference below which points count as close: a smaller range
    ///   is not stretched to 100.
    public static func distancesToIdeal(_ points: [[Double]], leastRanges: [Double]? = nil) -> [Double] {
        guard let first = points.first else { return [] }
        let lows = first.indices.map { axis in points.map { $0[axis] }.min() ?? 0 }
        let highs = first.indices.map { axis in points.map { $0[axis] }.max() ?? 0 }
        return points.map { point in
            let squares = point.indices.map { axis -> Double in
                let range = max(highs[axis] - lows[axis], leastRanges?[axis] ?? 0)
                let scaled = range > 0 ? 100 * (point[axis] - lows[axis]) / range : 0
                return scaled * scaled
            }
            return squares.reduce(0, +).squareRoot()
        }
    }
}

/// The area that a front of size against loss dominates inside a fixed box, so that runs can be compared.
public enum Hypervolume {
    /// - Parameters:
    ///   - points: file size as a share of the float file, and loss in points; both better when smaller. Points outside
    ///     the box (size above 1, loss above 10) count nothing; better than the box counts as its edge.
    /// - Returns: the dominated share of the box size 0.2...1 x loss 0...10, from 0 to 1. Higher is better.
    public static func area(_ points: [(size: Double, loss: Double)]) -> Double {
        let inside = points.filter { $0.size <= 1 && $0.loss <= 10 }
            .map { (size: max(0, ($0.size - 0.2) / 0.8), loss: max(0, $0.loss / 10)) }
            .sorted { ($0.size, $0.loss) < ($1.size, $1.loss) }
        var area = 0.0
        var best = 1.0
        for (index, point) in inside.enumerated() {
            best = min(best, point.loss)
            let next = index + 1 < inside.count ? inside[index + 1].size : 1
            area += max(0, next - point.size) * (1 - best)
        }
        return area
    }
}
