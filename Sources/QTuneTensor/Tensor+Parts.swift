extension Tensor {
    /// Of the parts of `shape` that follow one another, number `index`, in memory of its own.
    /// - Precondition: There are so many of them, and an element takes whole bytes.
    package func part(_ index: Int, of shape: Shape) -> Tensor {
        let part = Tensor(uninitialized: dtype, shape: shape)
        let bytes = part.byteCount
        part.copyBytes(index * bytes..<(index + 1) * bytes, of: self, to: 0)
        return part
    }

    /// The elements of `parts` one after the other, the last part as often as it takes to fill `shape`.
    /// - Precondition: Their type is `dtype`, its elements take whole bytes, and `shape` has room for all of them.
    package static func joined(_ parts: [Tensor], _ dtype: DType, to shape: Shape) -> Tensor {
        let result = Tensor(uninitialized: dtype, shape: shape)
        var position = 0
        for part in parts {
            result.copyBytes(0..<part.byteCount, of: part, to: position)
            position += part.byteCount
        }
        guard let last = parts.last, last.byteCount > 0 else { return result }
        while position + last.byteCount <= result.byteCount {
            result.copyBytes(0..<last.byteCount, of: last, to: position)
            position += last.byteCount
        }
        return result
    }
}
