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
    /// Rows that are taken down before they are taken across: what was just stored is not read in other portions.
    private static let batch = 8
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
        precondition(function != .logSumExp, "windows do not take exponentials")
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
        let rows = WindowRows(outer, count: resultRows)
        let scales = WindowScales(counts ?? [])
        let source = UnsafePointer(input.unsafeElements(Float.self))
        let target = output.unsafeElements(Float.self)
        let call = qt_window_row(
            rows: nil, row_count: 0, width: across.input, taps: across.kernel, dilation: across.dilation,
            stride: across.stride, padding: across.padding, columns: across.output, scales: nil, scratch: nil)
        let room = withUnsafePointer(to: call) { qt_window_room($0) }
        let work = max(1, across.input * max(1, rows.most) + across.output * min(across.kernel, across.input))
        pool.run(over: planes * resultRows, grain: max(1, grain * 4 / work)) { range in
            rows.withRows { starts, places in
                scales.withTables { tables in
                    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows.most) { pointers in
                        withUnsafeTemporaryAllocation(of: Float.self, capacity: room * batch) { scratch in
                            guard let scratch = scratch.baseAddress else { return }
                            var call = call
                            call.rows = pointers.baseAddress.map { UnsafePointer($0) }
                            for first in Swift.stride(from: range.lowerBound, to: range.upperBound, by: batch) {
                                let end = min(first + batch, range.upperBound)
                                for index in first..<end {
                                    let (plane, row) = index.quotientAndRemainder(dividingBy: resultRows)
                                    let start = source + plane * planeRows * across.input
                                    call.row_count = starts[row + 1] - starts[row]
                                    for number in 0..<call.row_count {
                                        pointers[number] = start + places[starts[row] + number] * across.input
                                    }
                                    call.scratch = scratch + (index - first) * room
                                    kernel.window_down(function.function, &call)
                                }
                                for index in first..<end {
                                    call.scratch = scratch + (index - first) * room
                                    call.scales = tables?.start(index % resultRows)
                                    kernel.window_across(function.function, &call, target + index * across.output)
                                }
                            }
                        }
                    }
                }
            }
        }
        extendLifetime((input, output))
    }
}

/// The rows of a plane that the windows of each row of results cover.
private struct WindowRows {
    /// Where those of each row of results start among `places`, and the end of the last.
    private var starts = [0]
    private var places: [Int] = []
    /// Rows under one window.
    private(set) var most = 1

    /// - Parameters:
    ///   - axes: all of a plane but the innermost.
    ///   - count: rows of results in a plane.
    init(_ axes: [PlaneAxis], count: Int) {
        for row in 0..<count {
            var (rest, own, step) = (row, [0], 1)
            for axis in axes.reversed() {
                let taps = axis.elements(at: rest % axis.output)
                rest /= axis.output
                own = (0..<taps.inside).flatMap { tap in
                    own.map { (taps.start + tap * axis.dilation) * step + $0 }
                }
                step *= axis.input
            }
            places += own
            starts.append(places.count)
            most = max(most, own.count)
        }
    }

    func withRows(_ body: (_ starts: UnsafeBufferPointer<Int>, _ places: UnsafeBufferPointer<Int>) -> Void) {
        starts.withUnsafeBufferPointer { starts in places.withUnsafeBufferPointer { body(starts, $0) } }
    }
}

/// The factors that make sums means: tables for a row of results, one for each number of elements down rows.
private struct WindowScales {
    struct Tables {
        let factors: UnsafePointer<Float>
        let numbers: UnsafePointer<Int>
        let length: Int

        func start(_ row: Int) -> UnsafePointer<Float> { factors + numbers[row] * length }
    }

    private let length: Int
    private var factors: [Float] = []
    /// For each row of results the number of its table.
    private var numbers: [Int] = []

    init(_ counts: [[Int]]) {
        length = counts.last?.count ?? 0
        guard let across = counts.last else { return }
        let down = counts.dropLast().reduce([1]) { products, own in products.flatMap { a in own.map { a * $0 } } }
        var known: [Int: Int] = [:]
        for rows in down {
            if known[rows] == nil {
                known[rows] = known.count
                factors += across.map { 1 / Float(max(1, Double(rows) * Double($0))) }
            }
            numbers.append(known[rows] ?? 0)
        }
    }

    func withTables(_ body: (Tables?) -> Void) {
        factors.withUnsafeBufferPointer { factors in
            numbers.withUnsafeBufferPointer { numbers in
                guard let first = factors.baseAddress, let number = numbers.baseAddress, !factors.isEmpty else {
                    return body(nil)
                }
                body(Tables(factors: first, numbers: number, length: length))
            }
        }
    }
}
