import QTuneGraph
import QTuneTensor

/// Which scale each element of a tensor goes by: one for all, one for each slice along an axis, or one for each block
/// of neighbours along an axis.
struct ScaleLayout {
    private let outer: Int
    private let length: Int
    private let inner: Int
    private let blockSize: Int
    /// The axis that has a scale for each slice; nil where there is one scale for all.
    private let axis: Int?
    /// Scales from one element of the outer axes, of the axis in blocks, and of the inner axes to the next.
    private let steps: (outer: Int, block: Int, inner: Int)

    /// - Parameter blockSize: elements of `axis` that share a scale; 0 where the scales are one for each slice.
    init(input: Shape, scale: Shape, axis: Int, blockSize: Int) throws {
        func misfit() -> QTuneError {
            QTuneError(
                .invalidInput, "scales of \(scale) do not fit \(input) along axis \(axis) in blocks of \(blockSize)")
        }
        if blockSize == 0, scale.rank <= 1, scale.elementCount == 1 {
            (outer, length, inner, self.blockSize) = (1, input.elementCount, 1, 1)
            steps = (0, 0, 0)
            self.axis = nil
            return
        }
        guard let axis = input.normalizedAxis(axis), blockSize >= 0 else { throw misfit() }
        let runs = AxisRuns(input, axes: axis..<axis + 1)
        (outer, length, inner) = (runs.outer, runs.length, runs.inner)
        self.blockSize = max(1, blockSize)
        self.axis = axis
        if blockSize == 0 {
            guard scale.rank == 1, scale[0] == length else { throw misfit() }
            steps = (0, 1, 0)
        } else {
            let blocks = length == 0 ? 0 : (length - 1) / blockSize + 1
            guard scale.rank == input.rank,
                (0..<input.rank).allSatisfy({ scale[$0] == ($0 == axis ? blocks : input[$0]) })
            else { throw misfit() }
            steps = (blocks * inner, inner, 1)
        }
    }

    /// The parameters as the integer kernels take them; nil where they have no kernel.
    func kernelParameters(_ dtype: DType, _ scale: Tensor, _ zeroPoint: Tensor?) throws -> QuantizationParameters? {
        guard [.uint8, .int8, .uint16, .int16].contains(dtype), scale.dtype == .float32, scale.count > 0,
            steps.inner == 0
        else { return nil }
        let scales = try scale.floats()
        let zeroPoints = try zeroPoint?.smallIntegers() ?? [Int32](repeating: 0, count: scales.count)
        return QuantizationParameters(dtype: dtype, scales: scales, zeroPoints: zeroPoints, axis: axis)
    }

    /// Calls `body` for each element in row-major order, with the number of its scale.
    @inline(__always)
    func forEachElement(_ body: (_ element: Int, _ scale: Int) -> Void) {
        var element = 0
        for i in 0..<outer {
            for j in 0..<length {
                let first = i * steps.outer + j / blockSize * steps.block
                for k in 0..<inner {
                    body(element, first + k * steps.inner)
                    element += 1
                }
            }
        }
    }
}
