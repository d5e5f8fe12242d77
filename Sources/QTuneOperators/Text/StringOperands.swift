import QTuneTensor

extension EvaluationContext {
    /// Operand `index`, which must be a tensor of strings.
    func stringTensor(_ index: Int) throws -> Tensor {
        let tensor = try tensor(index)
        guard tensor.dtype == .string else {
            throw QTuneError(.invalidInput, "operand \(index) is \(tensor.dtype), not string")
        }
        return tensor
    }

    /// Throws where no memory could hold so many strings, `bytes` long altogether.
    static func checkStrings(_ shape: Shape, bytes: Int = 0) throws {
        // A string takes as much as the widest number, its text not counted.
        try MemoryLimit.check(.complex128, shape)
        try MemoryLimit.check(.uint8, [bytes])
    }
}
