import QTuneKernels
import QTuneTensor

/// A tensor whose axes have labels, no two the same. Axes of length 1 are left out: they broadcast, so they change
/// nothing.
struct LabelledTensor {
    let tensor: Tensor
    let labels: [Int]

    /// - Precondition: as many lengths as labels, all labels different, no length 1.
    init(dense tensor: Tensor, labels: [Int]) {
        self.tensor = tensor
        self.labels = labels
    }

    /// A tensor whose axes may have labels in common: the diagonal that runs along all axes of a label takes their
    /// place.
    init(_ tensor: Tensor, labels: [Int]) throws {
        var (kept, lengths, strides): ([Int], [Int], [Int]) = ([], [], [])
        let own = tensor.shape.strides
        for (axis, label) in labels.enumerated() {
            let length = tensor.shape[axis]
            if let place = kept.firstIndex(of: label) {
                guard lengths[place] == length else {
                    throw QTuneError(
                        .invalidInput, "the diagonal of axes of the lengths \(lengths[place]) and \(length)")
                }
                strides[place] += own[axis]
            } else {
                kept.append(label)
                lengths.append(length)
                strides.append(own[axis])
            }
        }
        let long = kept.indices.filter { lengths[$0] != 1 }
        self.labels = long.map { kept[$0] }
        let shape = Shape(long.map { lengths[$0] })
        if shape.elementCount == tensor.count {
            self.tensor = tensor.reshaped(to: shape)
        } else {
            self.tensor = Tensor(uninitialized: tensor.dtype, shape: shape)
            StridedCopy.fill(self.tensor, from: tensor, StridedView(strides: long.map { strides[$0] }))
        }
    }

    func length(_ label: Int) -> Int { labels.firstIndex(of: label).map { tensor.shape[$0] } ?? 1 }

    /// The number of elements that the axes of `labels` span.
    func extent(_ labels: [Int]) -> Int { labels.reduce(1) { $0 * length($1) } }

    /// The same elements with the axes in the order of `order`, which may name axes that were left out.
    func ordered(by order: [Int], pool: ThreadPool) throws -> LabelledTensor {
        let wanted = order.filter(labels.contains)
        guard wanted != labels else { return self }
        let permutation = wanted.compactMap { labels.firstIndex(of: $0) }
        let shape = Shape(permutation.map { tensor.shape[$0] })
        try MemoryLimit.check(tensor.dtype, shape)
        let result = Tensor(uninitialized: tensor.dtype, shape: shape)
        Layout.transpose(tensor, permutation: permutation, into: result, pool: pool)
        return LabelledTensor(dense: result, labels: wanted)
    }
}
