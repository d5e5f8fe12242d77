internal import CQTuneKernels
package import QTuneTensor

/// float32 functions of each element.
package enum Elementwise {
    /// A function of one number. NaN stays NaN in all of them.
    package enum Unary: Hashable, Sendable {
        case relu
        case clip(lower: Float, upper: Float)
        case leakyReLU(slope: Float)
        case elu(alpha: Float)
        case selu(alpha: Float, gamma: Float)
        /// `alpha * (exp(x / alpha) - 1)` below 0.
        case celu(alpha: Float)
        /// `x` above alpha, 0 elsewhere.
        case threshold(alpha: Float)
        case softsign
        /// `scale * x + offset`
        case affine(scale: Float, offset: Float)
        case abs, neg, sqrt, reciprocal, floor, ceil, sign
        /// To the nearest integer, ties to even.
        case round
        /// `min(max(alpha * x + beta, 0), 1)`
        case hardSigmoid(alpha: Float, beta: Float)
        case hardSwish
        case sin, cos, exp, log, sigmoid, silu, tanh, erf
        /// With erf; `geluTanh` is the usual approximation with tanh.
        case gelu, geluTanh
        case softplus, mish

        fileprivate var call: (function: qt_unary, alpha: Float, beta: Float) {
            switch self {
            case .relu: (QT_UNARY_RELU, 0, 0)
            case .clip(let lower, let upper): (QT_UNARY_CLIP, lower, upper)
            case .leakyReLU(let slope): (QT_UNARY_LEAKY_RELU, slope, 0)
            case .elu(let alpha): (QT_UNARY_ELU, alpha, 0)
            case .selu(let alpha, let gamma): (QT_UNARY_SELU, alpha, gamma)
            case .celu(let alpha): (QT_UNARY_CELU, alpha, 0)
            case .threshold(let alpha): (QT_UNARY_THRESHOLD, alpha, 0)
            case .softsign: (QT_UNARY_SOFTSIGN, 0, 0)
            case .affine(let scale, let offset): (QT_UNARY_AFFINE, scale, offset)
            case .abs: (QT_UNARY_ABS, 0, 0)
            case .neg: (QT_UNARY_NEG, 0, 0)
            case .sqrt: (QT_UNARY_SQRT, 0, 0)
            case .reciprocal: (QT_UNARY_RECIPROCAL, 0, 0)
            case .floor: (QT_UNARY_FLOOR, 0, 0)
            case .ceil: (QT_UNARY_CEIL, 0, 0)
            case .sign: (QT_UNARY_SIGN, 0, 0)
            case .round: (QT_UNARY_ROUND, 0, 0)
            case .hardSigmoid(let alpha, let beta): (QT_UNARY_HARD_SIGMOID, alpha, beta)
            case .hardSwish: (QT_UNARY_HARD_SWISH, 0, 0)
            case .sin: (QT_UNARY_SIN, 0, 0)
            case .cos: (QT_UNARY_COS, 0, 0)
            case .exp: (QT_UNARY_EXP, 0, 0)
            case .log: (QT_UNARY_LOG, 0, 0)
            case .sigmoid: (QT_UNARY_SIGMOID, 0, 0)
            case .silu: (QT_UNARY_SILU, 0, 0)
            case .tanh: (QT_UNARY_TANH, 0, 0)
            case .erf: (QT_UNARY_ERF, 0, 0)
            case .gelu: (QT_UNARY_GELU, 0, 0)
            case .geluTanh: (QT_UNARY_GELU_TANH, 0, 0)
            case .softplus: (QT_UNARY_SOFTPLUS, 0, 0)
            case .mish: (QT_UNARY_MISH, 0, 0)
            }
        }
    }

    /// A function of two numbers.
    package enum Binary: Hashable, Sendable {
        case add, sub, mul, div
        /// NaN where either is NaN.
        case max, min
        case pow
        /// The first where it is not negative, the product elsewhere.
        case prelu
        /// The second where it is not 0, the first elsewhere.
        case override
        /// Of the division truncated to an integer, of the sign of the first.
        case remainder

        fileprivate var function: qt_binary {
            switch self {
            case .add: QT_BINARY_ADD
            case .sub: QT_BINARY_SUB
            case .mul: QT_BINARY_MUL
            case .div: QT_BINARY_DIV
            case .max: QT_BINARY_MAX
            case .min: QT_BINARY_MIN
            case .pow: QT_BINARY_POW
            case .prelu: QT_BINARY_PRELU
            case .override: QT_BINARY_OVERRIDE
            case .remainder: QT_BINARY_REMAINDER
            }
        }
    }

    /// Elements below which a part of a job is not worth handing to another thread.
    static let grain = 16_384

    /// Writes `function` of each element of `x` into `output`, which has as many and may share its bytes.
    package static func unary(
        _ function: Unary, _ x: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(x.dtype == .float32 && output.dtype == .float32 && x.count == output.count, "unlike tensors")
        let kernel = FloatKernels.elementwise(for: tier)
        let call = function.call
        let source = x.unsafeElements(Float.self)
        let target = output.unsafeElements(Float.self)
        pool.run(over: x.count, grain: grain) { range in
            kernel.unary(
                call.function, source + range.lowerBound, target + range.lowerBound, range.count, call.alpha, call.beta)
        }
        extendLifetime((x, output))
    }

    /// Applies `function` to rows of results that were just written.
    static func apply(
        _ function: Unary, rows: Int, columns: Int, of target: UnsafeMutablePointer<Float>, stride: Int,
        kernel: qt_f32_elementwise_row
    ) {
        let call = function.call
        if stride == columns {
            kernel.unary(call.function, target, target, rows * columns, call.alpha, call.beta)
            return
        }
        for row in 0..<rows {
            let start = target + row * stride
            kernel.unary(call.function, start, start, columns, call.alpha, call.beta)
        }
    }

    /// Writes `function` of the elements of `a` and `b`, broadcast by NumPy's rules to the shape of `output`.
    /// - Precondition: the shapes broadcast to the shape of `output`, which shares bytes only with an operand of its
    ///   own shape.
    package static func binary(
        _ function: Binary, _ a: Tensor, _ b: Tensor, into output: Tensor, pool: ThreadPool, tier: CPUTier? = nil
    ) {
        precondition(a.dtype == .float32 && b.dtype == .float32 && output.dtype == .float32, "not float32")
        precondition(a.shape.broadcast(with: b.shape) == output.shape, "\(a.shape) and \(b.shape) do not broadcast")
        guard output.count > 0 else { return }
        let kernel = FloatKernels.elementwise(for: tier)
        let loop = BroadcastLoop(a.shape, b.shape, output: output.shape)
        let sources = (a.unsafeElements(Float.self), b.unsafeElements(Float.self))
        let target = output.unsafeElements(Float.self)
        if let repeated = RepeatedOperand(loop, sources) {
            let blocks = (loop.rows + repeated.rows - 1) / repeated.rows
            pool.run(over: blocks, grain: Swift.max(1, grain / repeated.length)) { range in
                for block in range {
                    let start = block * repeated.length
                    let count = Swift.min(repeated.length, output.count - start)
                    repeated.withSources(sources, at: start) { first, second in
                        kernel.binary(function.function, QT_BOTH_ARRAYS, first, second, target + start, count)
                    }
                }
            }
        } else {
            loop.run(pool, grain: grain) { run in
                kernel.binary(
                    function.function, run.operands, sources.0 + run.a, sources.1 + run.b, target + run.output,
                    run.count)
            }
        }
        extendLifetime((a, b, output))
    }
}

/// A short run of numbers that one operand holds for every row (a bias of three channels, say), written out several
/// times over, so that one call serves many rows.
private struct RepeatedOperand {
    private let numbers: [Float]
    private let isFirst: Bool
    /// Rows that one call serves, and their elements.
    let rows: Int
    let length: Int

    /// Nil where rows are long, or where operands do not step so.
    init?(_ loop: BroadcastLoop, _ sources: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)) {
        guard loop.outer.axes.count == 1, loop.length < 64, loop.innerA == 1, loop.innerB == 1 else { return nil }
        isFirst = loop.outer.axes[0].a == 0
        guard isFirst || loop.outer.axes[0].b == 0 else { return nil }
        rows = min(loop.rows, 1024 / loop.length)
        length = rows * loop.length
        let source = isFirst ? sources.0 : sources.1
        numbers = (0..<length).map { source[$0 % loop.length] }
    }

    /// Calls `body` with both operands' numbers for the output from `start` on.
    func withSources(
        _ sources: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>), at start: Int,
        _ body: (UnsafePointer<Float>?, UnsafePointer<Float>?) -> Void
    ) {
        numbers.withUnsafeBufferPointer { numbers in
            if isFirst {
                body(numbers.baseAddress, sources.1 + start)
            } else {
                body(sources.0 + start, numbers.baseAddress)
            }
        }
    }
}
