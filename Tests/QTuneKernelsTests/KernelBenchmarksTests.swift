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
    func casesSayWhatTheyMeasure() {
        for tier in CPUTier.available {
            let cases = KernelBenchmarks.cases(tier: tier)
            #expect(Set(cases.map { "\($0.name) \($0.kernel)" }).count == cases.count, "two cases of one name")
            #expect(Set(cases.map(\.family)) == Set(KernelCatalog.families.map(\.name)))
            for kernelCase in cases {
                #expect(kernelCase.operations > 0 && kernelCase.tier == tier, "\(kernelCase.name)")
                #expect(KernelCatalog.row(named: kernelCase.kernel) != nil, "\(kernelCase.name)")
            }
        }
    }

    /// One that did nothing, or counted work that it does not do, would be faster than the processor can be: Winograd's
    /// products and the nearest cache account for less than a factor of ten.
    @Test
    func casesDoTheWorkThatTheyCount() throws {
        let tier = try #require(CPUTier.available.last)
        let kinds = ProcessorCeiling.Kind.allCases
        let ceilings = kinds.compactMap { ProcessorCeiling.measure($0, tier: tier) }
        let limits = Dictionary(uniqueKeysWithValues: ceilings.map { ($0.kind, $0.operationsPerSecond) })
        for kernelCase in KernelBenchmarks.cases(tier: tier) {
            let rate = try kernelCase.measure(seconds: 0)
            let limit = try #require(limits[kernelCase.ceiling])
            #expect(rate > 0 && rate < 10 * limit, "\(kernelCase.name) [\(kernelCase.kernel)]")
        }
    }
}
