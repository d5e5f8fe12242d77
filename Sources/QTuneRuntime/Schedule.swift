internal import QTuneTensor

/// The steps of a program that a run takes, in order, and what each of them lets go of.
struct Schedule: Sendable {
    /// A step and what goes with it. A class, as the step is one.
    final class Entry: Sendable {
        let step: Program.Step
        /// The step's place in the program.
        let index: Int
        /// Slots that no later entry reads.
        let released: [Int]
        /// The shape of the only result where that is the first operand under another shape; nil where there is more to
        /// do.
        let view: Shape?

        init(step: Program.Step, index: Int, released: [Int], view: Shape?) {
            (self.step, self.index, self.released, self.view) = (step, index, released, view)
        }
    }

    let entries: [Entry]

    /// Every step.
    init(all steps: [Program.Step], outputs: [Program.Operand], slotCount: Int) {
        self.init(steps, outputs: outputs, slotCount: slotCount, views: [:]) { _, _ in true }
    }

    /// The steps that are needed where the values of the slots `known` are there from the start.
    /// - Parameter views: the shapes of results that are views, by step.
    init(of program: Program, known: Set<Int>, views: [Int: Shape]) {
        self.init(
            program.steps, outputs: program.outputs, slotCount: program.slotCount, views: views
        ) { step, isNeededLater in
            step.results.contains { slot in slot.map { isNeededLater[$0] && !known.contains($0) } ?? false }
        }
    }

    private init(
        _ steps: [Program.Step], outputs: [Program.Operand], slotCount: Int, views: [Int: Shape],
        runs: (_ step: Program.Step, _ isNeededLater: [Bool]) -> Bool
    ) {
        var isNeededLater = [Bool](repeating: false, count: slotCount)
        for case .slot(let slot) in outputs { isNeededLater[slot] = true }
        var entries: [Entry] = []
        for (index, step) in steps.enumerated().reversed() where runs(step, isNeededLater) {
            var released: [Int] = []
            for slot in step.usedSlots + step.results.compactMap({ $0 }) where !isNeededLater[slot] {
                isNeededLater[slot] = true
                released.append(slot)
            }
            entries.append(Entry(step: step, index: index, released: released, view: views[index]))
        }
        self.entries = entries.reversed()
    }
}
