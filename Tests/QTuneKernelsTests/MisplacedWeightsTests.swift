import QTuneKernels
import QTuneTensor
import Testing

/// Weights that lie anywhere in a file are packed as aligned ones are.
struct MisplacedWeightsTests {
    /// The same elements one byte past an aligned place.
    private func misplaced(_ tensor: Tensor) -> Tensor {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: tensor.byteCount + 1, alignment: 64)
        tensor.withBytes { bytes in
            for index in bytes.indices { memory.storeBytes(of: bytes[index], toByteOffset: index + 1, as: UInt8.self) }
        }
        let storage = TensorStorage(foreign: memory + 1, byteCount: tensor.byteCount, isWellPlaced: false) {
            memory.deallocate()
        }
        return Tensor(dtype: tensor.dtype, shape: tensor.shape, storage: storage)
    }

    private func floats(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.elementCount).map { Float(($0 * 37) % 101) / 50 - 1 }, shape: shape)
    }

    /// Pointwise, a window, Winograd's two tiles, depthwise.
    static let weights: [[Int]] = [[50, 7, 1, 1], [5, 3, 3, 5], [20, 17, 3, 3], [512, 512, 3, 3], [9, 1, 3, 3]]

    @Test(arguments: weights)
    func convolution(lengths: [Int]) throws {
        let weights = floats(Shape(lengths))
        let groups = lengths[1] == 1 ? lengths[0] : 1
        let other = misplaced(weights)
        let input = floats([1, 6, 7, weights.shape[1] * groups])
        let results = try [weights, other].map { weights in
            let kernel = try FloatConvolution(weights: weights, bias: nil, groups: groups)
            let shape = kernel.shape(of: input.shape, padding: .none)
            let output = Tensor.poisoned([1, shape.outputHeight, shape.outputWidth, weights.shape[0]])
            kernel.run(input, into: output, pool: ThreadPool(threads: 1))
            return output
        }
        #expect(results[0] == results[1])
        #expect(other.storage?.isAligned == false, "no copy of the whole was made")
    }

    @Test(arguments: [true, false])
    func matrix(transposed: Bool) throws {
        let matrix = floats([61, 53])
        let other = misplaced(matrix)
        let input = floats([5, transposed ? 53 : 61])
        let results = try [matrix, other].map { matrix in
            let output = Tensor.poisoned([5, transposed ? 61 : 53])
            try FloatMatrix(matrix, transposed: transposed).run(input, into: output, pool: ThreadPool(threads: 1))
            return output
        }
        #expect(results[0] == results[1])
        #expect(other.storage?.isAligned == false)
    }
}
