import QTuneSearch
import Testing

@Suite struct ParetoFrontTests {
    @Test(
        arguments: [
            ([[1, 5], [2, 4], [3, 3], [2, 6], [3, 4]], [0, 1, 2]),
            ([[1, 1], [1, 1]], [0]),
            ([[1, 2], [1, 1]], [1]),
            ([[.nan, 0], [1, 1]], [1]),
            ([[0, 1, 2], [0, 1, 1], [1, 0, 3]], [1, 2]),
            ([], []),
        ] as [([[Double]], [Int])])
    func keepsWhatNothingDominates(_ points: [[Double]], _ front: [Int]) {
        #expect(ParetoFront.indices(of: points) == front)
    }

    @Test func noPointOfAFrontDominatesAnotherAndEveryOtherIsDominated() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<50 {
            let points = (0..<40).map { _ in (0..<3).map { _ in Double(Int.random(in: 0..<12, using: &random)) } }
            let front = ParetoFront.indices(of: points)
            for index in points.indices {
                let beaten = points.contains { ParetoFront.dominates($0, points[index]) }
                #expect(front.contains(index) != beaten || (!beaten && front.contains { points[$0] == points[index] }))
            }
        }
    }

    @Test func distancesAreScaledByAxis() {
        let distances = ParetoFront.distancesToIdeal([[0, 1000], [10, 0], [5, 500]])
        #expect(distances == [100, 100, 5000.0.squareRoot()])
        #expect(ParetoFront.distancesToIdeal([[3, 3]]) == [0])
        #expect(ParetoFront.distancesToIdeal([]) == [])
        #expect(ParetoFront.distancesToIdeal([[0, 1], [1, 0]], leastRanges: [0, 4]) == [25, 100])
    }
}

@Suite struct HypervolumeTests {
    @Test(arguments: [
        ([(1.0, 0.0)], 0.0),
        ([(0.2, 0.0)], 1.0),
        ([(0.1, -3.0)], 1.0),
        ([(0.6, 5.0)], 0.25),
        ([(0.6, 0.0), (0.2, 5.0)], 0.75),
        ([(0.6, 11.0), (1.2, 0.0)], 0.0),
        ([(0.2, 5.0), (0.6, 8.0)], 0.5),
        ([], 0.0),
    ])
    func isTheDominatedShareOfTheBox(_ points: [(Double, Double)], _ area: Double) {
        #expect(abs(Hypervolume.area(points.map { (size: $0.0, loss: $0.1) }) - area) < 1e-12)
    }
}
