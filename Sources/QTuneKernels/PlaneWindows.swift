internal import CQTuneKernels
package import QTuneTensor

/// How a window slides along one axis of a plane.
package struct PlaneAxis: Hashable, Sendable {
    package let input: Int
    package let output: Int
    package let kernel: Int
    package let stride: Int
    package let dilation: Int
    /// Elements outside of the plane that the first window covers.
    package let padding: Int

    package init(input: Int, output: Int, kernel: Int, stride: Int, dilation: Int, padding: Int) {
        (self.input, self.output, self.kernel) = (input, output, kernel)
        (self.stride, self.dilation, self.padding) = (stride, dilation, padding)
    }

    /// The elements of the plane under the window at `position`.
    fileprivate func elements(at position: Int) -> ClippedTaps {
        ClippedTaps(
            at: position, kernel: kernel, stride: stride, dilation: dilation, before: padding, length: input, after: 0)
    }
}

/// Reductions under windows over float32 planes, whose rows lie one after the other.
package enum PlaneWindows {
    /// Floats worth a part of their own.
    private static let grain = 16_384
    /// Floats of a row with its padding beyond which windows are out of all proportion to it.
    private static let longest = 1 << 20

    /// Whether windows along `axis`, the innermost one, are served.
    package static func serves(_ axis: PlaneAxis) -> Bool {
        let (moves, overflow) = axis.output.multipliedReportingOverflow(by: axis.stride)
        let (reach, isFar) = axis.kernel.multipliedReportingOverflow(by: axis.dilation)
        return !overflow && !isFar && moves < longest && reach < longest && axis.stride < 1024
    }

    /// Writes what `function` makes of the elements under each window; elements outside of the plane are left out.
    /// - Parameters:
    ///   - axes: of a plane, outermost first; one to three.
    ///   - counts: for each axis and each of its positions a number of elements; sums are divided by their product.
    ///     Nil where nothing is divided.
    /// - Precondition: float32; input and output are whole planes of those axes, as many of each, and
    ///   the last axis is one that is served.
    package static func reduce(
        _ function: Reduction.Function, _ input: Tensor, axes: [PlaneAxis], counts: [[Int]]? = nil,
        into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(input.dtype == .float32 && output.dtype == .float32, "not float32")
        guard let across = axes.last, output.count > 0 else { return }
        precondition(serves(across) && axes.count <= 3, "windows over \(axes)")
        let outer = Array(axes.dropLast())
        let planeRows = outer.reduce(1) { $0 * $1.input }
        let resultRows = outer.reduce(1) { $0 * $1.output }
        let planes = output.count / (resultRows * across.output)
        precondition(
            output.count == planes * resultRows * across.output && input.count == planes * planeRows * across.input,
            "\(input.shape) and \(output.shape) are not planes of \(axes)")
        let kernel = FloatKernels.reduction(for: tier)
        let rows = (0..<resultRows).map { WindowRows($0, outer) }
        let scales = counts.map { WindowScales($0, outer) }
        let elements = FloatKernels.elementwise(for: tier)
        let source = UnsafePointer(input.unsafeElements(Float.self))
        let target = output.unsafeElements(Float.self)
        let call = qt_window_row(
            rows: nil, row_count: 0, width: across.input, taps: across.kernel, dilation: across.dilation,
            stride: across.stride, padding: across.padding, columns: across.output, scratch: nil)
        let room = withUnsafePointer(to: call) { qt_window_room($0) }
        let most = rows.reduce(1) { max($0, $1.places.count) }
        let work = max(1, across.input * max(1, most) + across.output * min(across.kernel, across.input))
        pool.run(over: planes * resultRows, grain: max(1, grain * 4 / work)) { range in
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: most) { pointers in
                withUnsafeTemporaryAllocation(of: Float.self, capacity: room) { scratch in
                    var call = call
                    call.rows = pointers.baseAddress.map { UnsafePointer($0) }
                    call.scratch = scratch.baseAddress
                    for index in range {
                        let (plane, row) = index.quotientAndRemainder(dividingBy: resultRows)
                        let start = source + plane * planeRows * across.input
                        let result = target + index * across.output
                        call.row_count = rows[row].places.count
                        for (number, place) in rows[row].places.enumerated() {
                            pointers[number] = start + place * across.input
                        }
                        kernel.window(function.function, &call, result)
                        scales?.apply(row, to: result, elements)
                    }
                }
            }
        }
        extendLifetime((input, output))
    }
}

/// The rows of a plane that the windows of one row of results cover.
private struct WindowRows {
    let places: [Int]

    /// - Parameter axes: all of a plane but the innermost.
    init(_ row: Int, _ axes: [PlaneAxis]) {
        var (rest, places, step) = (row, [0], 1)
        for axis in axes.reversed() {
            let taps = axis.elements(at: rest % axis.output)
            rest /= axis.output
            let own = (0..<taps.inside).map { (taps.start + $0 * axis.dilation) * step }
            places = own.flatMap { start in places.map { start + $0 } }
            step *= axis.input
        }
        self.places = places
    }
}

/// The factors that make sums means: one for each result of a row, in a table for each number of elements down rows.
private struct WindowScales {
    private let tables: [Int: [Float]]
    /// The numbers of elements down rows.
    private let down: [Int]

    init(_ counts: [[Int]], _ outer: [PlaneAxis]) {
        let across = counts[counts.count - 1]
        let down = counts.dropLast().reduce([1]) { products, own in products.flatMap { a in own.map { a * $0 } } }
        self.down = down
        tables = Dictionary(
            uniqueKeysWithValues: Set(down).map { rows in (rows, across.map { 1 / Float(max(1, rows * $0)) }) })
    }

    func apply(_ row: Int, to result: UnsafeMutablePointer<Float>, _ kernel: qt_f32_elementwise_row) {
        guard let table = tables[down[row]] else { return }
        table.withUnsafeBufferPointer {
            kernel.binary(QT_BINARY_MUL, QT_BOTH_ARRAYS, result, $0.baseAddress, result, table.count)
        }
    }
}
