#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

extension Histogram {
    /// The values without the share that is cut off in equal parts at both ends.
    func percentileRange(_ share: Double, within all: ClosedRange<Float>) -> ClosedRange<Float> {
        let total = counts.reduce(Double(zeros)) { $0 + Double($1) }
        let cut = total * (100 - share) / 200
        var lower = all.lowerBound
        var upper = all.upperBound
        var seen = 0.0
        for index in counts.indices where counts[index] > 0 {
            seen += Double(counts[index])
            if seen > cut {
                lower = center(index) - binWidth / 2
                break
            }
        }
        seen = 0
        for index in counts.indices.reversed() where counts[index] > 0 {
            seen += Double(counts[index])
            if seen > cut {
                upper = center(index) + binWidth / 2
                break
            }
        }
        lower = min(0, max(lower, all.lowerBound))
        upper = max(0, min(upper, all.upperBound))
        return lower...upper
    }

    /// The range among those cut off at one or both ends for which `loss` is least.
    func bestRange(
        within all: ClosedRange<Float>, loss: (Histogram, ClosedRange<Float>) -> Double
    ) -> ClosedRange<Float> {
        var best = all
        var least = loss(self, all)
        func consider(_ candidate: ClosedRange<Float>) {
            let value = loss(self, candidate)
            if value < least {
                least = value
                best = candidate
            }
        }
        let factors = (1...60).map { 1 - Float($0) / 64 }
        for factor in factors { consider(all.lowerBound * factor...all.upperBound * factor) }
        // Then each end by itself, twice, since the best place of one depends on the other.
        for _ in 0..<2 {
            let lower = best.lowerBound
            for factor in [1] + factors { consider(lower...all.upperBound * factor) }
            let upper = best.upperBound
            for factor in [1] + factors { consider(all.lowerBound * factor...upper) }
        }
        return best
    }

    /// The sum of squared errors when the values are quantized to `levels` over `range`.
    func squaredError(of range: ClosedRange<Float>, levels: Int) -> Double {
        let step = Double(range.upperBound - range.lowerBound) / Double(levels - 1)
        guard step > 0 else { return .infinity }
        let zeroPoint = (-Double(range.lowerBound) / step).rounded(.toNearestOrEven)
        var sum = 0.0
        for index in counts.indices where counts[index] > 0 {
            let value = Double(center(index))
            let quantized = min(Double(levels - 1), max(0, (value / step + zeroPoint).rounded(.toNearestOrEven)))
            let error = value - (quantized - zeroPoint) * step
            // Inside the range the error is that of a uniform distribution over the step, however the bins fall.
            let isInside = abs(error) <= step / 2
            sum += Double(counts[index]) * (isInside ? step * step / 12 : error * error)
        }
        return sum
    }

    /// The Kullback-Leibler divergence between the values cut off at `range` and the same quantized to `levels`.
    func divergence(of range: ClosedRange<Float>, levels: Int) -> Double {
        let step = Double(range.upperBound - range.lowerBound) / Double(levels)
        guard step > 0 else { return .infinity }
        var reference = [Double](repeating: 0, count: counts.count)
        var kept = [Double](repeating: 0, count: counts.count)
        var levelSums = [Double](repeating: 0, count: levels)
        var levelBins = [Double](repeating: 0, count: levels)
        func bin(_ value: Double) -> Int {
            let position = (value + Double(limit)) / Double(binWidth)
            return Int(max(0, min(Double(counts.count - 1), position.rounded(.down))))
        }
        let first = bin(Double(range.lowerBound))
        let last = max(first, bin(Double(range.upperBound).nextDown))
        func level(_ index: Int) -> Int {
            let position = (Double(center(index)) - Double(range.lowerBound)) / step
            return Int(max(0, min(Double(levels - 1), position.rounded(.down))))
        }
        for index in counts.indices where counts[index] > 0 {
            let count = Double(counts[index])
            let target = min(last, max(first, index))
            reference[target] += count
            if target == index { kept[index] = count }
        }
        for index in first...last where reference[index] > 0 {
            levelSums[level(index)] += kept[index]
            levelBins[level(index)] += 1
        }
        let total = reference.reduce(0, +)
        let keptTotal = kept.reduce(0, +)
        guard total > 0, keptTotal > 0 else { return .infinity }
        var sum = 0.0
        for index in first...last where reference[index] > 0 {
            let p = reference[index] / total
            let bins = levelBins[level(index)]
            let q = max(1e-12, levelSums[level(index)] / max(1, bins) / keptTotal)
            sum += p * log(p / q)
        }
        return sum
    }
}
