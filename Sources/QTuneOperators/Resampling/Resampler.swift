import QTuneGraph
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

    func resample(_ input: Tensor, in context: EvaluationContext) throws -> Value {
        guard let shape = Shape(checking: axes.map(\.output)),
            !input.shape.dimensions.contains(0) || shape.elementCount == 0
        else { throw QTuneError(.invalidInput, "\(input.shape) cannot be resized to \(axes.map(\.output))") }
        // Tables of places are as long as axes are, whether or not another axis of length 0 makes the result empty.
        if shape.elementCount == 0 { return .tensor(try context.makeOutput(0, input.dtype, shape)) }
        try MemoryLimit.check(input.dtype, shape)
        switch mode {
        case .nearest(let mode):
            let output = try context.makeOutput(0, input.dtype, shape)
            try gather(input, mode, into: output)
            return .tensor(output)
        case .interpolate(let kernel):
            return try interpolate(input, kernel, shape, context)
        }
    }

    private func gather(_ input: Tensor, _ mode: NearestMode, into output: Tensor) throws {
        guard input.dtype.bitWidth >= 8, input.dtype.bitWidth % 8 == 0, output.count > 0 || input.dtype.bitWidth > 0
        else {
            throw QTuneError(.unsupported, "Resize of \(input.dtype)")
        }
        let width = input.dtype.bitWidth / 8
        let strides = input.shape.strides
        var places = [0]
        for (number, axis) in axes.enumerated() {
            let steps = (0..<axis.output).map { x in
                axis.isIdentity(coordinates) ? x : mode.index(axis.original(x, coordinates), axis)
            }.map { $0 * strides[number] }
            places = places.flatMap { start in steps.map { start + $0 } }
        }
        input.withBytes { source in
            output.withMutableBytes { target in
                for index in places.indices {
                    for byte in 0..<width { target[index * width + byte] = source[places[index] * width + byte] }
                }
            }
        }
        guard coordinates == .cropAndResize else { return }
        let outside = outsidePlaces()
        guard outside.contains(true) else { return }
        switch output.dtype {
        case .float32:
            output.withMutableSpan(of: Float.self) {
                for i in outside.indices where outside[i] { $0[i] = extrapolation }
            }
        default: throw QTuneError(.unsupported, "extrapolation of \(output.dtype)")
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
                let result = interpolated(input.widened().array(of: Float.self), kernel)
                output.withMutableSpan(of: Float.self) { for i in result.indices { $0[i] = result[i] } }
            }
        }
    }

    private func interpolated<Element: BinaryFloatingPoint>(_ input: [Element], _ kernel: InterpolationKernel)
        -> [Element]
    {
        var values = input
        var outer = 1
        for (number, axis) in axes.enumerated() {
            defer { outer *= axis.output }
            if axis.isIdentity(coordinates) { continue }
            let inner = axes[(number + 1)...].reduce(1) { $0 * $1.input }
            let taps = (0..<axis.output).map { x in
                kernel.taps(
                    at: bounded(axis.original(x, coordinates), axis), length: axis.input,
                    scale: antialiases ? Double(axis.scale) : 1, excludesOutside: excludesOutside)
            }
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
