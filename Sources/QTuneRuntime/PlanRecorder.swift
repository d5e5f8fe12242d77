internal import QTuneKernels
internal import QTuneOperators
internal import QTuneTensor

/// Watches a run and makes a plan from what it saw: what each step asked memory for, which results are views of
/// operands, how long each buffer is needed, and which values are the same in every run of its signature.
///
/// A plan is made from a run and not from inferred shapes, so it also covers shapes that depend on data and views that
/// only the operator knows of. `RunMemory` guards later runs that turn out otherwise.
final class PlanRecorder {
    private struct Buffer {
        /// Valid only while the recorded run keeps the buffer alive.
        let addresses: Range<UInt>
        let byteCount: Int
        let first: Int
        var last: Int
        /// Whether it may live in the arena.
        var isPlannable: Bool
        /// The buffer that this one is written over.
        var merged: Int?
    }

    private struct Result {
        let dtype: DType
        let shape: Shape
        let buffer: Int
        /// Whether the step asked for this memory, as against handing on an operand's.
        let isMade: Bool
    }

    private var buffers: [Buffer] = []
    private var bufferOfSlot: [Int?]
    private var results: [[Result?]]
    private var sizeOfSlot: [(dtype: DType, byteCount: Int)?]
    private var facts: SignatureFacts

    init(_ program: Program, feeds: [String: Value]) {
        facts = SignatureFacts(program, feeds: feeds)
        bufferOfSlot = Array(repeating: nil, count: program.slotCount)
        sizeOfSlot = Array(repeating: nil, count: program.slotCount)
        results = Array(repeating: [], count: program.steps.count)
    }

    func record(_ index: Int, _ step: Program.Step, _ values: [Value], given: [(index: Int, tensor: Tensor)]) {
        facts.follow(step, values)
        var visible = step.usedSlots.compactMap { bufferOfSlot[$0] }
        // What a sub-graph or a sequence holds on to is not followed.
        let isOpaque = !step.bodies.isEmpty || values.contains { $0.tensor == nil }
        if isOpaque {
            for buffer in visible { buffers[buffer].isPlannable = false }
        }
        for (position, value) in values.enumerated() {
            guard let tensor = value.tensor, let storage = tensor.storage, tensor.byteCount > 0 else {
                results[index].append(nil)
                continue
            }
            let origin = given.first { $0.index == position && $0.tensor.storage === storage }?.tensor
            let shared = visible.first { buffers[$0].addresses.overlaps(storage.addresses) }
            let buffer = shared ?? buffers.count
            if shared == nil {
                buffers.append(
                    Buffer(
                        addresses: storage.addresses, byteCount: storage.byteCount, first: index, last: index,
                        isPlannable: origin != nil && !isOpaque && position < PlannedResults.most))
                visible.append(buffer)
            }
            results[index].append(
                Result(
                    dtype: (origin ?? tensor).dtype, shape: (origin ?? tensor).shape, buffer: buffer,
                    isMade: shared == nil && origin != nil))
            if position < step.results.count, let slot = step.results[position] {
                bufferOfSlot[slot] = buffer
                sizeOfSlot[slot] = (tensor.dtype, tensor.byteCount)
            }
        }
    }

    /// The plan for the recorded run.
    func makePlan(_ program: Program, pool: ThreadPool) -> ExecutionPlan {
        for case .slot(let slot) in program.outputs {
            if let buffer = bufferOfSlot[slot] { buffers[buffer].isPlannable = false }
        }
        let known = knownValues(program)
        let schedule = Schedule(of: program, known: Set(known.map(\.slot)), views: views(program))
        settleLifetimes(program, schedule)
        for entry in schedule.entries { mergeInPlace(entry.index, program.steps[entry.index]) }
        let planned = buffers.indices.filter { buffers[$0].isPlannable && buffers[$0].merged == nil }
        let layout = MemoryPlan(
            planned.map { .init(byteCount: buffers[$0].byteCount, lifetime: buffers[$0].first...buffers[$0].last) })
        let arena = LastingMemory.storage(byteCount: layout.arenaByteCount)
        var storages = [TensorStorage?](repeating: nil, count: buffers.count)
        for (buffer, offset) in zip(planned, layout.offsets) {
            storages[buffer] = TensorStorage(slicing: arena, offset: offset, byteCount: buffers[buffer].byteCount)
        }
        let storage = { (result: Result?) -> TensorStorage? in
            guard let result else { return nil }
            return storages[self.root(result.buffer)]
        }
        let unshared = buffers.reduce(0) { $1.isPlannable ? $0 + $1.byteCount : $0 }
        let places = results.map { step in
            step.map { result -> Tensor? in
                guard let result, result.isMade, let storage = storage(result) else { return nil }
                return Tensor(dtype: result.dtype, shape: result.shape, storage: storage)
            }
        }
        let binding = PlanBinding(
            program, schedule, known: known, places: places,
            isFixed: { facts.shape(of: $0) == $1.shape && facts.dtype(of: $0) == $1.dtype }, pool: pool)
        return ExecutionPlan(
            entries: binding.entries, calls: binding.calls, values: binding.values, places: binding.places,
            regions: results.map { step in step.map { storage($0)?.addresses } }, arena: arena, unsharedBytes: unshared)
    }

    /// Values that later runs start with instead of computing them. They lie in the memory that the recorded run made
    /// them in, which no plan hands out.
    private func knownValues(_ program: Program) -> [(slot: Int, value: Value)] {
        var room = Self.mostKnownBytes
        return program.steps.flatMap(\.results).compactMap { slot in
            guard let slot, let tensor = facts.constant(of: slot) else { return nil }
            let bytes = tensor.storage?.byteCount ?? tensor.byteCount
            guard bytes <= Self.mostBytesOfValue, bytes <= room else { return nil }
            room -= bytes
            return (slot, .tensor(tensor))
        }
    }

    /// The shapes of results that are views of their step's first operand, by step.
    private func views(_ program: Program) -> [Int: Shape] {
        var views: [Int: Shape] = [:]
        for (index, step) in program.steps.enumerated() where step.operator.isView && step.results.count == 1 {
            guard let slot = step.results[0], let result = results[index].first ?? nil, !result.isMade else { continue }
            // An operator may have made memory that it did not ask for.
            if case .slot(let operand)? = step.operands.first, let buffer = bufferOfSlot[operand],
                buffer != result.buffer
            {
                continue
            }
            views[index] = facts.shape(of: slot)
        }
        return views
    }

    /// Bytes of a value that a plan keeps, and of all of them, at most.
    private static let (mostBytesOfValue, mostKnownBytes) = (1 << 16, 1 << 20)

    /// Buffers last until the last step of the schedule that reads them; those that it does not make need no place.
    private func settleLifetimes(_ program: Program, _ schedule: Schedule) {
        var isMade = [Bool](repeating: false, count: program.steps.count)
        for entry in schedule.entries { isMade[entry.index] = true }
        for buffer in buffers.indices where !isMade[buffers[buffer].first] { buffers[buffer].isPlannable = false }
        for entry in schedule.entries {
            for case let buffer? in program.steps[entry.index].usedSlots.map({ bufferOfSlot[$0] }) {
                buffers[buffer].last = max(buffers[buffer].last, entry.index)
            }
        }
    }

    /// Lets the first result be written over an operand that nobody reads afterwards, where the operator says it can.
    /// An operand that the step reads in a second place too may still be needed there, and is left alone.
    private func mergeInPlace(_ index: Int, _ step: Program.Step) {
        guard let result = results[index].first ?? nil, result.isMade, buffers[result.buffer].isPlannable else {
            return
        }
        for position in step.operator.inPlaceInputs where position < step.operands.count {
            guard case .slot(let slot) = step.operands[position], let used = bufferOfSlot[slot] else { continue }
            let target = root(used)
            let users = step.usedSlots.filter { bufferOfSlot[$0].map(root) == target }
            let size = buffers[result.buffer].byteCount
            guard buffers[target].isPlannable, buffers[target].last == index, users == [slot],
                buffers[target].byteCount == size, let operand = sizeOfSlot[slot],
                operand.dtype == result.dtype, operand.byteCount == size
            else { continue }
            buffers[target].last = buffers[result.buffer].last
            buffers[result.buffer].merged = target
            return
        }
    }

    private func root(_ buffer: Int) -> Int {
        var current = buffer
        while let next = buffers[current].merged { current = next }
        return current
    }
}
