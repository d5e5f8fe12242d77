internal import QTune
internal import Synchronization

/// A line on the terminal that tells how far a job is. Drawn on terminals only, half a second after the start for the
/// first time and at most ten times a second; it is gone when the job ends.
final class Progress: Sendable {
    private struct State {
        var start = ContinuousClock.now
        var lastDrawn: ContinuousClock.Instant?
        var title = ""
        /// Durations of single steps, to foretell the rest.
        var steps: [Double] = []
        var lastStep = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let isEnabled: Bool

    init(isEnabled: Bool = Console.isInteractive) { self.isEnabled = isEnabled }

    /// Tells that `done` of `total` steps of `title` are done.
    func update(_ title: String, done: Int, of total: Int, detail: String = "") {
        guard isEnabled else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            if state.title != title {
                state.title = title
                state.steps = []
            } else {
                state.steps.append(state.lastStep.duration(to: now).inSeconds)
            }
            state.lastStep = now
            let isDue =
                state.lastDrawn.map { $0.duration(to: now) >= .milliseconds(100) }
                ?? (state.start.duration(to: now) >= .milliseconds(500))
            guard isDue else { return }
            state.lastDrawn = now
            let remaining = Self.remaining(state.steps, left: total - done)
            Console.draw("\(title) \(done)/\(total)\(remaining)\(detail.isEmpty ? "" : "  \(detail)")")
        }
    }

    /// Takes the line away.
    func clear() {
        guard isEnabled else { return }
        state.withLock { state in
            if state.lastDrawn != nil { Console.draw("") }
            state.lastDrawn = nil
        }
    }

    private static func remaining(_ steps: [Double], left: Int) -> String {
        guard steps.count >= 3, left > 0 else { return "" }
        let recent = steps.suffix(20).sorted()
        let seconds = Int((recent[recent.count / 2] * Double(left)).rounded(.up))
        return seconds >= 60 ? ", about \(seconds / 60) min \(seconds % 60) s left" : ", about \(seconds) s left"
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
