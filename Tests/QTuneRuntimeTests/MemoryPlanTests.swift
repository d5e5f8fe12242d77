import QTuneRuntime
import QTuneTestSupport
import Testing

struct MemoryPlanTests {
    @Test(arguments: 0..<20)
    func liveBuffersDoNotOverlap(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let buffers = (0..<40).map { _ in
            let first = Int.random(in: 0..<30, using: &generator)
            let last = first + Int.random(in: 0..<8, using: &generator)
            return MemoryPlan.Buffer(byteCount: Int.random(in: 1...5000, using: &generator), lifetime: first...last)
        }
        let plan = MemoryPlan(buffers)
        for a in buffers.indices {
            #expect(plan.offsets[a] % 64 == 0)
            #expect(plan.offsets[a] + buffers[a].byteCount <= plan.arenaByteCount)
            for b in buffers.indices where b > a && buffers[a].lifetime.overlaps(buffers[b].lifetime) {
                let first = plan.offsets[a]..<(plan.offsets[a] + buffers[a].byteCount)
                let second = plan.offsets[b]..<(plan.offsets[b] + buffers[b].byteCount)
                #expect(!first.overlaps(second), "buffers \(a) and \(b)")
            }
        }
    }

    @Test func aChainNeedsTwoBuffers() {
        let chain = (0..<10).map { MemoryPlan.Buffer(byteCount: 640, lifetime: $0...($0 + 1)) }
        #expect(MemoryPlan(chain).arenaByteCount == 1280)
    }

    @Test func nothingNeedsNothing() {
        #expect(MemoryPlan([]).arenaByteCount == 0)
    }
}
