/// Places in one arena for buffers that live during ranges of steps.
package struct MemoryPlan: Sendable {
    package struct Buffer: Sendable {
        package let byteCount: Int
        /// The steps from the one that makes the buffer to the last that reads it.
        package let lifetime: ClosedRange<Int>

        package init(byteCount: Int, lifetime: ClosedRange<Int>) {
            self.byteCount = byteCount
            self.lifetime = lifetime
        }
    }

    /// The place of each buffer, a multiple of `alignment`.
    package let offsets: [Int]
    package let arenaByteCount: Int

    private static let alignment = 64

    /// Places the largest buffers first, each into the tightest gap between those that live at the same time.
    package init(_ buffers: [Buffer]) {
        var offsets = [Int](repeating: 0, count: buffers.count)
        var placed: [(range: Range<Int>, lifetime: ClosedRange<Int>)] = []
        var end = 0
        for index in buffers.indices.sorted(by: { buffers[$0].byteCount > buffers[$1].byteCount }) {
            let buffer = buffers[index]
            let size = (buffer.byteCount + Self.alignment - 1) / Self.alignment * Self.alignment
            let occupied = placed.filter { $0.lifetime.overlaps(buffer.lifetime) }.map(\.range)
            let offset = Self.tightestGap(of: size, between: occupied.sorted { $0.lowerBound < $1.lowerBound })
            offsets[index] = offset
            end = max(end, offset + size)
            placed.append((offset..<(offset + size), buffer.lifetime))
        }
        self.offsets = offsets
        arenaByteCount = end
    }

    /// The start of the smallest gap that holds `size` bytes; behind everything where there is none.
    private static func tightestGap(of size: Int, between occupied: [Range<Int>]) -> Int {
        var best: (offset: Int, slack: Int)?
        var free = 0
        for range in occupied {
            let slack = range.lowerBound - free - size
            if slack >= 0, slack < best?.slack ?? .max { best = (free, slack) }
            free = max(free, range.upperBound)
        }
        return best?.offset ?? free
    }
}
