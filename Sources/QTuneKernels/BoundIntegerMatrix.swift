package import QTuneTensor

/// An integer product of rows that lie in the same memory each time.
package final class BoundIntegerMatrix: BoundCall, @unchecked Sendable {
    private let channels: ChannelAddresses
    private let product: BoundProducts
    private let input: InputAddresses?
    private let results: ResultAddresses?
    private let pool: ThreadPool
    /// Keep the memory.
    private let kept: (IntegerMatrix, Tensor, InputQuantization, IntegerResults?)

    /// - Parameters:
    ///   - rows: [..., K].
    ///   - input: where the zero point and the scale of `rows` lie.
    ///   - results: [..., N].
    package convenience init(
        _ matrix: IntegerMatrix, _ rows: Tensor, quantizedBy input: InputQuantization, into results: IntegerResults,
        pool: ThreadPool
    ) {
        self.init(
            matrix, rows, quantizedBy: input, outputCount: results.count, outputType: results.dtype,
            results: results, findsRange: results.needRange, pool: pool)
    }

    init(
        _ matrix: IntegerMatrix, _ rows: Tensor, quantizedBy input: InputQuantization = .known, outputCount: Int,
        outputType: DType, results: IntegerResults? = nil, findsRange: Bool, pool: ThreadPool
    ) {
        precondition(!findsRange || outputType == .float32, "the range of what is not real")
        precondition(rows.dtype == matrix.inputType && outputType == matrix.outputType, "types do not fit")
        let count = matrix.columns == 0 ? 0 : outputCount / matrix.columns
        precondition(
            rows.count == count * matrix.depth && outputCount == count * matrix.columns, "shapes do not fit")
        product = BoundProducts(
            matrix.product, rows: count, of: rows.bytes, isSigned: rows.dtype == .int8,
            outputBytes: outputType.bitWidth / 8, findsRange: findsRange, pool: pool)
        channels = matrix.stages.addresses
        (self.input, self.results) = (InputAddresses(input), results.map(ResultAddresses.init))
        (self.pool, kept) = (pool, (matrix, rows, input, results))
    }

    package func run() {
        results?.write(pool: pool) { output in run(input?.current, into: output) }
    }

    /// Runs once on rows with their own zero point, and their own scale, or on such that have none.
    func run(_ input: (zeroPoint: Int32, scale: Float?)?, into output: Tensor) -> RealRange? {
        defer { extendLifetime((self, output)) }
        return run(input, into: output.address)
    }

    private func run(
        _ input: (zeroPoint: Int32, scale: Float?)?, into output: UnsafeMutableRawPointer
    ) -> RealRange? {
        channels.withParameters(of: input) { parameters, zeroPoint in
            product.run(parameters, zeroPoint: zeroPoint, into: output)
        }
    }
}
