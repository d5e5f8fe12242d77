import QTuneGraph
import QTuneKernels
import QTuneTensor

/// How many elements become one: each is transformed and taken in, one after another, and the result is finished.
struct ReductionFunction: Sendable {
    /// The result of no elements.
    var start: Double
    var take: @Sendable (Double, Double) -> Double
    /// What becomes of the result, given the number of elements.
    var finish: @Sendable (Double, Int) -> Double
    /// The same on integers, which are computed as real numbers where this is nil.
    var signed: Signed?
    /// The kernel of the same function on float32, where there is one, and what finishes its results.
    var kernel: Reduction.Function?
    var finishKernel: Elementwise.Unary?
    /// Where results of the kernel are as good as those in double; nil where all are.
    var kernelResults: ClosedRange<Float>?

    struct Signed: Sendable {
        var start: Int64
        var take: @Sendable (Int64, Int64) -> Int64
        var finish: @Sendable (Int64, Int) -> Int64 = { result, _ in result }
    }

    init(
        _ start: Double, finish: @escaping @Sendable (Double, Int) -> Double = { result, _ in result },
        signed: Signed? = nil, kernel: Reduction.Function? = nil, finishKernel: Elementwise.Unary? = nil,
        kernelResults: ClosedRange<Float>? = nil, _ take: @escaping @Sendable (Double, Double) -> Double
    ) {
        self.start = start
        self.take = take
        self.finish = finish
        self.signed = signed
        self.kernel = kernel
        self.finishKernel = finishKernel
        self.kernelResults = kernelResults
    }

    /// The function with a result of no elements that `dtype` holds.
    func limited(to dtype: DType) -> ReductionFunction {
        guard let start = signed?.start, let range = dtype == .bool ? 0...1 : dtype.integerRange else { return self }
        var copy = self
        copy.signed?.start = Int64(min(max(Int(start), range.lowerBound), range.upperBound))
        return copy
    }

    /// Writes to each element of `target` what the row of `source` at its place becomes.
    func apply(to source: Tensor, rowLength: Int, into target: Tensor, lane: Lane) {
        if lane == .signed, let signed {
            Self.reduce(source, rowLength, target, signed.start, signed.take, signed.finish)
        } else {
            Self.reduce(source, rowLength, target, start, take, finish)
        }
    }

    /// Computes those results of the kernel again, in double, that float32 did not hold on the way.
    /// - Parameter axes: the axes of `source` that were reduced, which neighbour each other.
    func correct(_ results: Tensor, of source: Tensor, axes: Range<Int>) {
        guard let kernelResults else { return }
        let lengths = source.shape.dimensions
        let length = lengths[axes].reduce(1, *)
        let inner = lengths[axes.upperBound...].reduce(1, *)
        source.withSpan(of: Float.self) { source in
            results.withMutableSpan(of: Float.self) { results in
                for index in results.indices where !kernelResults.contains(results[index]) && !results[index].isNaN {
                    let (row, column) = index.quotientAndRemainder(dividingBy: inner)
                    let first = row * length * inner + column
                    var result = start
                    for step in 0..<length { result = take(result, Double(source[first + step * inner])) }
                    results[index] = Float(finish(result, length))
                }
            }
        }
    }

    private static func reduce<Element: TensorElement>(
        _ source: Tensor, _ rowLength: Int, _ target: Tensor, _ start: Element,
        _ take: (Element, Element) -> Element, _ finish: (Element, Int) -> Element
    ) {
        source.withSpan(of: Element.self) { source in
            target.withMutableSpan(of: Element.self) { target in
                for row in 0..<target.count {
                    var result = start
                    for index in row * rowLength..<(row + 1) * rowLength { result = take(result, source[index]) }
                    target[row] = finish(result, rowLength)
                }
            }
        }
    }
}

/// An operator that makes one element of all elements along some axes: all axes where none are named, or none if
/// `noop_with_empty_axes` says so. Axes stay with length 1 unless `keepdims` is 0.
struct ReductionAttributes: Sendable {
    let source: AxesSource
    let keepsAxes: Bool
    let emptyMeansNone: Bool

    /// - Parameter opset: the operator set since which the axes are an operand.
    init(_ node: NodeReader, axesAreOperandSince opset: Int) throws {
        try node.expect(inputs: 1...2)
        source = try AxesSource(node, operand: 1, since: opset)
        keepsAxes = try node.int("keepdims") ?? 1 != 0
        emptyMeansNone = try node.int("noop_with_empty_axes") ?? 0 != 0
    }

    /// The axes to reduce, ascending.
    func reduced(_ axes: [Int]?, rank: Int) throws -> [Int] {
        guard let axes, !axes.isEmpty else { return emptyMeansNone ? [] : Array(0..<rank) }
        return try normalizedAxes(axes, rank: rank).sorted()
    }

    /// What remains of `lengths`.
    func remaining<Length>(_ lengths: [Length], reduced: [Int], one: Length) -> [Length] {
        lengths.indices.compactMap { axis in
            reduced.contains(axis) ? (keepsAxes ? one : nil) : lengths[axis]
        }
    }

    func dimensions(_ context: InferenceContext) throws -> [Dimension]? {
        guard let dimensions = context[0].dimensions else { return nil }
        let axes: [Int]?
        switch source.axes(context) {
        case .axes(let known): axes = known
        case .none: axes = nil
        case .unknown(let count):
            // An empty list would mean every axis.
            let rank = keepsAxes ? dimensions.count : count.flatMap { $0 == 0 ? nil : dimensions.count - $0 }
            return rank.map { [Dimension](repeating: .unknown, count: max(0, $0)) }
        }
        let reduced = try reduced(axes, rank: dimensions.count)
        return remaining(dimensions, reduced: reduced, one: .fixed(1))
    }
}

protocol ReductionOperator: Operator {
    var attributes: ReductionAttributes { get }
    var function: ReductionFunction { get }
    /// The operator set since which the axes are an operand.
    static var axesAreOperandSince: Int { get }
    init(attributes: ReductionAttributes)
}

extension ReductionOperator {
    static var axesAreOperandSince: Int { 18 }

    init(_ node: NodeReader) throws {
        self.init(attributes: try ReductionAttributes(node, axesAreOperandSince: Self.axesAreOperandSince))
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(context[0].dtype, try attributes.dimensions(context))]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let input = try context.tensor(0)
        let reduced = try attributes.reduced(try attributes.source.axes(context), rank: input.shape.rank)
        let lengths = attributes.remaining(input.shape.dimensions, reduced: reduced, one: 1)
        let output = try context.makeOutput(0, input.dtype, Shape(lengths))
        if reduceQuickly(input, axes: reduced, into: output, pool: context.pool) { return [.tensor(output)] }
        let lane = try laneOfRows(input.dtype)
        let rows = input.widened(to: lane).movingLast(reduced)
        let rowLength = reduced.reduce(1) { $0 * input.shape[$1] }
        let function = function.limited(to: input.dtype)
        output.fill(from: lane) { function.apply(to: rows, rowLength: rowLength, into: $0, lane: lane) }
        return [.tensor(output)]
    }

    /// Reduces neighbouring axes of float32 with a kernel; false where there is none.
    private func reduceQuickly(_ input: Tensor, axes: [Int], into output: Tensor, pool: ThreadPool) -> Bool {
        guard let kernel = function.kernel, input.dtype == .float32, input.count > 0, let first = axes.first,
            let last = axes.last, last - first == axes.count - 1
        else { return false }
        Reduction.reduce(kernel, input, axes: first..<last + 1, into: output, pool: pool)
        if let finish = function.finishKernel { Elementwise.unary(finish, output, into: output, pool: pool) }
        function.correct(output, of: input, axes: first..<last + 1)
        return true
    }

    /// The lane to reduce in: real numbers also for integers that have no function of their own.
    private func laneOfRows(_ dtype: DType) throws -> Lane {
        guard let lane = Lane(dtype) else {
            throw QTuneError(.unsupported, "elements of type \(dtype) are not supported here")
        }
        return lane == .real || function.signed == nil ? .real : .signed
    }
}

extension Tensor {
    /// The elements with `axes`, ascending, behind the others; the tensor itself where they are there already.
    func movingLast(_ axes: [Int]) -> Tensor {
        let others = (0..<shape.rank).filter { !axes.contains($0) }
        let order = others + axes
        guard order != Array(0..<shape.rank) else { return self }
        let strides = shape.strides
        let result = Tensor(uninitialized: dtype, shape: Shape(order.map { shape[$0] }))
        StridedCopy.fill(result, from: self, StridedView(strides: order.map { strides[$0] }))
        return result
    }
}
