import QTuneGraph
import QTuneKernels
import QTuneTensor

/// What a resize does to a tensor, once sizes are known: axis after axis.
struct Resampler: Sendable {
    enum Mode: Sendable {
        case nearest(NearestMode)
        case interpolate(InterpolationKernel)
    }

    let axes: [ResizedAxis]
    let mode: Mode
    let coordinates: ResizeCoordinates
    let antialiases: Bool
    let excludesOutside: Bool
    /// Stands for places outside the original, where the crop reaches past it.
    let extrapolation: Float

    /// The longest axis, which tables of 32-bit places can tell.
    private static let longest = 1 << 27

    func resample(_ input: Tensor, in context: EvaluationContext) throws -> Value {
        guard let shape = Shape(checking: axes.map(\.output)),
            !input.shape.dimensions.contains(0) || shape.elementCount == 0
        else { throw QTuneError(.invalidInput, "\(input.shape) cannot be resized to \(axes.map(\.output))") }
        // Tables of places are as long as axes are, whether or not another axis of length 0 makes the result empty.
        if shape.elementCount == 0 { return .tensor(try context.makeOutput(0, input.dtype, shape)) }
        try MemoryLimit.check(input.dtype, shape)
        guard axes.allSatisfy({ $0.input <= Self.longest }) else {
            throw QTuneError(.unsupported, "Resize of \(input.shape), which has an axis of more than \(Self.longest)")
        }
        switch mode {
        case .nearest(let mode):
            let output = try context.makeOutput(0, input.dtype, shape)
            try gather(input, mode, into: output, pool: context.pool)
            return .tensor(output)
        case .interpolate(let kernel):
            return try interpolate(input, kernel, shape, context)
        }
    }

    private func gather(_ input: Tensor, _ mode: NearestMode, into output: Tensor, pool: ThreadPool) throws {
        guard input.dtype.bitWidth >= 8, input.dtype.bitWidth % 8 == 0 else {
            throw QTuneError(.unsupported, "Resize of \(input.dtype)")
        }
        let places = axes.map { axis in
            axis.isIdentity(coordinates)
                ? nil : (0..<axis.output).map { mode.index(axis.original($0, coordinates), axis) }
        }
        ElementPicking.pick(input, places, into: output, pool: pool)
        try extrapolate(output)
    }

    /// Writes the elements of the result that lie outside the original.
    private func extrapolate(_ output: Tensor) throws {
        guard coordinates == .cropAndResize else { return }
        let outside = outsidePlaces()
        guard outside.contains(true) else { return }
        guard output.dtype == .float32 else { throw QTuneError(.unsupported, "extrapolation of \(output.dtype)") }
        output.withMutableSpan(of: Float.self) {
            for i in outside.indices where outside[i] { $0[i] = extrapolation }
        }
    }

    /// For each element of the result whether it lies outside the original along some axis.
    private func outsidePlaces() -> [Bool] {
        axes.reduce([false]) { outside, axis in
            let own = (0..<axis.output).map { x in
                let place = axis.original(x, coordinates)
                return !axis.isIdentity(coordinates) && !(place >= 0 && place <= Float(axis.input - 1))
            }
            return outside.flatMap { start in own.map { start || $0 } }
        }
    }

    private func interpolate(
        _ input: Tensor, _ kernel: InterpolationKernel, _ shape: Shape, _ context: EvaluationContext
    ) throws -> Value {
        if let range = input.dtype.integerRange, input.dtype.bitWidth <= 32 {
            let values = try input.smallIntegers().map { Double($0) }
            let result = interpolated(values, kernel)
            let output = try context.makeOutput(0, input.dtype, shape)
            let integers = result.map { Int32(max(Double(range.lowerBound), min(Double(range.upperBound), $0))) }
            if input.dtype == .int32 {
                output.withMutableSpan(of: Int32.self) { for i in integers.indices { $0[i] = integers[i] } }
            } else {
                try output.writeSmallIntegers(integers)
            }
            return .tensor(output)
        }
        return try context.makeFloatOutput(0, input.dtype, shape) { output in
            if input.dtype == .float64 {
                let result = interpolated(input.array(of: Double.self), kernel)
                output.withMutableSpan(of: Double.self) { for i in result.indices { $0[i] = result[i] } }
            } else {
                Resampling.interpolate(
                    input.widened(), axisTaps(kernel), into: output, pool: context.pool)
                try extrapolate(output)
            }
        }
    }

    /// The taps of one axis, from the first element of the result on.
    private func taps(_ axis: ResizedAxis, _ kernel: InterpolationKernel) -> [InterpolationTaps] {
        (0..<axis.output).map { x in
            kernel.taps(
                at: bounded(axis.original(x, coordinates), axis), length: axis.input,
                scale: antialiases ? Double(axis.scale) : 1, excludesOutside: excludesOutside)
        }
    }

    /// The taps of the axes that are resized, as the kernels for float32 take them.
    private func axisTaps(_ kernel: InterpolationKernel) -> [AxisTaps?] {
        axes.map { axis in
            guard !axis.isIdentity(coordinates) else { return nil }
            let taps = taps(axis, kernel)
            return AxisTaps(
                input: axis.input, indices: taps.map(\.indices), weights: taps.map { $0.weights.map { Float($0) } })
        }
    }

    /// The result in whatever type, element by element.
    private func interpolated<Element: BinaryFloatingPoint>(_ input: [Element], _ kernel: InterpolationKernel)
        -> [Element]
    {
        var values = input
        var outer = 1
        for (number, axis) in axes.enumerated() {
            defer { outer *= axis.output }
            if axis.isIdentity(coordinates) { continue }
            let inner = axes[(number + 1)...].reduce(1) { $0 * $1.input }
            let taps = taps(axis, kernel)
            var result = [Element](repeating: 0, count: outer * axis.output * inner)
            for block in 0..<outer {
                for (x, tap) in taps.enumerated() {
                    let target = (block * axis.output + x) * inner
                    for (index, weight) in zip(tap.indices, tap.weights) where weight != 0 {
                        let source = (block * axis.input + index) * inner
                        let factor = Element(weight)
                        for k in 0..<inner { result[target + k] += factor * values[source + k] }
                    }
                }
            }
            values = result
        }
        if coordinates == .cropAndResize {
            for (index, isOutside) in outsidePlaces().enumerated() where isOutside {
                values[index] = Element(extrapolation)
            }
        }
        return values
    }

    /// A place that is a number not far outside the axis: farther out every element is the end element anyway.
    private func bounded(_ place: Float, _ axis: ResizedAxis) -> Double {
        let margin = Float(axis.input) + 8
        return place.isNaN ? 0 : Double(max(-margin, min(Float(axis.input) + margin, place)))
    }
}
