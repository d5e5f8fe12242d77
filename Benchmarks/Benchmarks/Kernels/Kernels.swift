import Benchmark
import QTuneKernels
import Synchronization

/// Every layer on this machine's best kernels, and every other row of the kernel tables on one layer, on one core.
/// `QTUNE_CPU` picks a lower tier.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, rate, share], units: [rate: .count, share: .count], maxDuration: .milliseconds(150))
    var seen: Set<String> = []
    let tier = try? CPUTier.current
    for kernelCase in (tier.map { KernelBenchmarks.cases(tier: $0) } ?? []) + KernelBenchmarks.rows() {
        let name = "\(kernelCase.name) [\(kernelCase.kernel)]"
        guard seen.insert(name).inserted else { continue }
        register(kernelCase, as: name)
    }
}

/// Multiplications and additions, or bytes read and written where memory sets the pace, in millions a second.
private let rate = BenchmarkMetric.custom("M operations / s", polarity: .prefersLarger, useScalingFactor: false)
/// The rate over what the core does at most, measured in the same process.
private let share = BenchmarkMetric.custom("Share of ceiling (%)", polarity: .prefersLarger, useScalingFactor: false)

private func register(_ kernelCase: KernelBenchmarks.Case, as name: String) {
    Benchmark(
        name,
        closure: { (benchmark, work: Work) in
            let clock = ContinuousClock()
            let start = clock.now
            work.body()
            let seconds = start.duration(to: clock.now) / .seconds(1)
            let operationsPerSecond = Double(kernelCase.operations) / max(seconds, 1e-9)
            benchmark.measurement(rate, Int(operationsPerSecond / 1e6))
            guard let ceiling = work.ceiling else { return }
            benchmark.measurement(share, Int((100 * operationsPerSecond / ceiling).rounded()))
        },
        setup: {
            let ceiling = ceilings.operationsPerSecond(kernelCase.ceiling, tier: kernelCase.tier)
            return Work(body: try kernelCase.makeBody(), ceiling: ceiling)
        })
}

private struct Work {
    let body: KernelBenchmarks.Case.Body
    /// Operations in a second.
    let ceiling: Double?
}

/// Ceilings, each measured once in the process.
private final class Ceilings: Sendable {
    private let measured = Mutex<[String: Double?]>([:])

    func operationsPerSecond(_ kind: ProcessorCeiling.Kind, tier: CPUTier) -> Double? {
        measured.withLock { measured in
            let key = "\(kind) \(tier.name)"
            if let known = measured[key] { return known }
            let ceiling = ProcessorCeiling.measure(kind, tier: tier)?.operationsPerSecond
            measured[key] = .some(ceiling)
            return ceiling
        }
    }
}

private let ceilings = Ceilings()
