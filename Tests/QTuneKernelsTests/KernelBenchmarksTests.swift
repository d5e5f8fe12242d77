import QTuneKernels
import Testing

struct KernelBenchmarksTests {
    /// A family that nobody measures is a family that nobody knows to be fast.
    @Test
    func everyRowOfEveryFamilyIsMeasured() {
        let tiers = CPUTier.available
        let picked = KernelCatalog.families.flatMap { family in tiers.compactMap { family.picked(for: $0)?.name } }
        let measured = Set(KernelBenchmarks.rows().map(\.kernel))
        #expect(Set(picked).subtracting(measured).isEmpty)
    }

    @Test
    func casesRun() throws {
        for tier in CPUTier.available.suffix(1) {
            for memoryCase in KernelBenchmarks.cases(tier: tier) where memoryCase.ceiling == .memory {
                #expect(try memoryCase.measure(seconds: 0) > 0, "\(memoryCase.name)")
            }
        }
    }
}
