import QTuneKernels
import QTuneTensor

/// How regions are divided into bins, and bins into points at which the feature map is sampled.
struct RegionGrid: Sendable {
    /// Bins of a region.
    let height: Int
    let width: Int
    /// Points of a bin along each axis; 0 for as many as there are elements.
    let samples: Int
    /// From the regions' coordinates to those of the feature map.
    let scale: Float
    /// Whether coordinates count from the corner of an element, not from its centre.
    let shiftsHalfPixel: Bool

    /// Points that a bin may have: regions come from outside, and nothing else would bound the work.
    private static let mostSamples = 1 << 20
    /// Points of all bins of all regions in all channels.
    private static let mostWork = 0x1p36

    /// Throws where sampling the regions in each of `channels` would not end in any useful time.
    static func check(_ regions: [RegionBins], channels: Int) throws {
        let points = regions.reduce(0.0) { $0 + $1.work } * Double(channels)
        guard points <= mostWork else {
            throw QTuneError(
                .unsupported, "\(regions.count) regions of \(channels) channels need \(points) samples",
                remedy: "pool fewer regions at a time, or take fewer samples")
        }
    }

    /// The bins of the region with `corners` left, top, right, bottom on a map of `height` x `width`.
    func bins(_ corners: [Double], height mapHeight: Int, width mapWidth: Int) throws -> RegionBins {
        let rows = try axis(corners[1], corners[3], bins: height, length: mapHeight)
        let columns = try axis(corners[0], corners[2], bins: width, length: mapWidth)
        let (samples, overflow) = rows.samples.multipliedReportingOverflow(by: columns.samples)
        guard !overflow, samples <= Self.mostSamples else {
            throw QTuneError(
                .invalidInput, "the region \(corners) needs \(rows.samples) x \(columns.samples) samples a bin")
        }
        return RegionBins(rows: rows, columns: columns)
    }

    private func axis(_ start: Double, _ end: Double, bins: Int, length: Int) throws -> RegionAxis {
        let offset = shiftsHalfPixel ? 0.5 : 0
        let first = start * Double(scale) - offset
        // Without the shift regions are at least one element long.
        let extent = max(end * Double(scale) - offset - first, shiftsHalfPixel ? -.infinity : 1)
        let step = extent / Double(bins)
        guard first.isFinite, step.isFinite, step <= Double(Self.mostSamples), samples <= Self.mostSamples else {
            throw QTuneError(.invalidInput, "a region from \(start) to \(end) cannot be pooled")
        }
        let count = samples > 0 ? samples : max(0, Int(max(-1, step).rounded(.up)))
        let (points, overflow) = count.multipliedReportingOverflow(by: bins)
        guard !overflow, points <= MemoryLimit.physical / 256 else {
            throw QTuneError(.invalidInput, "\(bins) bins of \(count) samples are too many")
        }
        return RegionAxis(bins: bins, samples: count, first: first, step: step, length: length)
    }
}

/// A point between two neighbouring elements of an axis.
struct RegionPoint: Sendable {
    let low: Int
    let high: Int
    let lowWeight: Double
    let highWeight: Double
    /// Whether it lies more than an element outside of the map, where everything is 0.
    let isOutside: Bool

    init(_ place: Double, length: Int) {
        isOutside = place < -1 || place > Double(length)
        let bounded = min(max(place, 0), Double(length - 1))
        low = Int(bounded)
        high = min(low + 1, length - 1)
        highWeight = isOutside ? 0 : bounded - Double(low)
        lowWeight = isOutside ? 0 : 1 - highWeight
    }
}

/// One axis of a region: `samples` points for each of `bins` bins, which are `step` long and begin at `first`.
struct RegionAxis: Sendable {
    let bins: Int
    let samples: Int
    let first: Double
    let step: Double
    /// Elements of the feature map.
    let length: Int

    /// The points of all bins.
    var points: [RegionPoint] {
        (0..<bins * samples).map { point in
            let (bin, sample) = (Double(point / samples), Double(point % samples) + 0.5)
            return RegionPoint(first + bin * step + sample * step / Double(samples), length: length)
        }
    }
}

/// A region of a feature map.
struct RegionBins: Sendable {
    let rows: RegionAxis
    let columns: RegionAxis

    /// Points of a channel.
    var work: Double { Double(rows.bins * rows.samples) * Double(columns.bins * columns.samples) }

    var sampled: SampledRegion {
        SampledRegion(rows: rows, columns: columns, rowPoints: rows.points, columnPoints: columns.points)
    }
}

/// A region with its points, ready to be pooled.
struct SampledRegion {
    let rows: RegionAxis
    let columns: RegionAxis
    let rowPoints: [RegionPoint]
    let columnPoints: [RegionPoint]

    /// Adds the mean of each bin's points as a place.
    func append(width: Int, to sums: inout PlaceSums) {
        let share = 1 / Double(max(1, rows.samples * columns.samples))
        for row in 0..<rows.bins {
            for column in 0..<columns.bins {
                for y in rowPoints[row * rows.samples..<(row + 1) * rows.samples] where !y.isOutside {
                    for x in columnPoints[column * columns.samples..<(column + 1) * columns.samples]
                    where !x.isOutside {
                        let (top, bottom) = (share * y.lowWeight, share * y.highWeight)
                        sums.add(pixel: y.low * width + x.low, weight: Float(top * x.lowWeight))
                        sums.add(pixel: y.low * width + x.high, weight: Float(top * x.highWeight))
                        sums.add(pixel: y.high * width + x.low, weight: Float(bottom * x.lowWeight))
                        sums.add(pixel: y.high * width + x.high, weight: Float(bottom * x.highWeight))
                    }
                }
                sums.endPlace()
            }
        }
    }

    /// Writes what the points of each bin give, averaged or the largest weighted neighbour of any point.
    func pool<Element: BinaryFloatingPoint>(
        _ source: Span<Element>, from start: Int, width: Int, takesMaximum: Bool,
        into target: inout MutableSpan<Element>,
        at first: Int
    ) {
        let count = Element(max(1, rows.samples * columns.samples))
        for row in 0..<rows.bins {
            for column in 0..<columns.bins {
                var result: Element = takesMaximum && rows.samples * columns.samples > 0 ? -.infinity : 0
                for y in row * rows.samples..<(row + 1) * rows.samples {
                    let y = rowPoints[y]
                    let (top, bottom) = (start + y.low * width, start + y.high * width)
                    let (topWeight, bottomWeight) = (Element(y.lowWeight), Element(y.highWeight))
                    for x in column * columns.samples..<(column + 1) * columns.samples {
                        let x = columnPoints[x]
                        if y.isOutside || x.isOutside {
                            if takesMaximum { result = max(result, 0) }
                            continue
                        }
                        let (left, right) = (Element(x.lowWeight), Element(x.highWeight))
                        let a = topWeight * left * source[top + x.low]
                        let b = topWeight * right * source[top + x.high]
                        let c = bottomWeight * left * source[bottom + x.low]
                        let d = bottomWeight * right * source[bottom + x.high]
                        result = takesMaximum ? max(result, max(max(a, b), max(c, d))) : result + (a + b + c + d)
                    }
                }
                target[first + row * columns.bins + column] = takesMaximum ? result : result / count
            }
        }
    }
}
