internal import QTuneOperators
internal import QTuneTensor

/// Watches a run and makes a plan from what it saw: what each step asked memory for, which results are views of
/// operands, and how long each buffer is needed.
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

    init(_ program: Program) {
        bufferOfSlot = Array(repeating: nil, count: program.slotCount)
        sizeOfSlot = Array(repeating: nil, count: program.slotCount)
        results = Array(repeating: [], count: program.steps.count)
    }

    func record(_ index: Int, _ step: Program.Step, _ values: [Value], given: [(index: Int, tensor: Tensor)]) {
        var visible = step.usedSlots.compactMap { bufferOfSlot[$0] }
        for buffer in visible { buffers[buffer].last = index }
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
                        isPlannable: origin != nil && !isOpaque))
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
    func makePlan(_ program: Program) -> ExecutionPlan {
        for case .slot(let slot) in program.outputs {
            if let buffer = bufferOfSlot[slot] { buffers[buffer].isPlannable = false }
        }
        for (index, step) in program.steps.enumerated() { mergeInPlace(index, step) }
        let planned = buffers.indices.filter { buffers[$0].isPlannable && buffers[$0].merged == nil }
        let layout = MemoryPlan(
            planned.map { .init(byteCount: buffers[$0].byteCount, lifetime: buffers[$0].first...buffers[$0].last) })
        let arena = TensorStorage(byteCount: layout.arenaByteCount)
        var storages = [TensorStorage?](repeating: nil, count: buffers.count)
        for (buffer, offset) in zip(planned, layout.offsets) {
            storages[buffer] = TensorStorage(slicing: arena, offset: offset, byteCount: buffers[buffer].byteCount)
        }
        let storage = { (result: Result?) -> TensorStorage? in
            guard let result else { return nil }
            return storages[self.root(result.buffer)]
        }
        let unshared = buffers.reduce(0) { $1.isPlannable ? $0 + $1.byteCount : $0 }
        return ExecutionPlan(
            places: results.map { step in
                step.map { result in
                    guard let result, result.isMade, let storage = storage(result) else { return nil }
                    return Tensor(dtype: result.dtype, shape: result.shape, storage: storage)
                }
            },
            regions: results.map { step in step.map { storage($0)?.addresses } }, arena: arena, unsharedBytes: unshared)
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
