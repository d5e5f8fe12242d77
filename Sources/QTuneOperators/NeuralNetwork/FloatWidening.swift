import QTuneTensor

extension Tensor {
    /// This tensor, as float32 where it is of a narrower float type that arithmetic is done in float32 for.
    func widened() -> Tensor {
        switch dtype {
        case .float16: converted(from: Float16.self) { Float($0) }
        case .bfloat16: converted(from: BFloat16.self) { $0.float }
        default: self
        }
    }

    /// Writes this float32 or float64 tensor's elements, rounded, to `output` of another float type.
    /// - Precondition: both hold as many elements.
    func narrow(into output: Tensor) {
        precondition(output.count == count, "narrowing changes no shape")
        withSpan(of: Float.self) { source in
            switch output.dtype {
            case .float16:
                output.withMutableSpan(of: Float16.self) { for i in source.indices { $0[i] = Float16(source[i]) } }
            case .bfloat16:
                output.withMutableSpan(of: BFloat16.self) { for i in source.indices { $0[i] = BFloat16(source[i]) } }
            default:
                output.withMutableSpan(of: Float.self) { for i in source.indices { $0[i] = source[i] } }
            }
        }
    }

    private func converted<Source: TensorElement>(from: Source.Type, _ convert: (Source) -> Float) -> Tensor {
        Tensor(Float.self, shape: shape) { target in
            withSpan(of: Source.self) { for i in $0.indices { target[i] = convert($0[i]) } }
        }
    }
}

extension EvaluationContext {
    /// Makes output `index` of a float type by arithmetic in float32 or float64: `body` writes a tensor of `shape` that
    /// is float64 where `dtype` is, else float32; narrower types are rounded from it.
    func makeFloatOutput(
        _ index: Int = 0, _ dtype: DType, _ shape: Shape, _ body: (Tensor) throws -> Void
    ) throws -> Value {
        guard [.float32, .float64, .float16, .bfloat16].contains(dtype) else {
            throw QTuneError(.unsupported, "arithmetic on \(dtype); float32, float64, float16 and bfloat16 are done")
        }
        let output = try makeOutput(index, dtype, shape)
        // Lengths beside a 0 are bounded by nothing, and loops over them might not end.
        guard output.count > 0 else { return .tensor(output) }
        if dtype == .float32 || dtype == .float64 {
            try body(output)
        } else {
            let wide = Tensor(uninitialized: .float32, shape: shape)
            try body(wide)
            wide.narrow(into: output)
        }
        return .tensor(output)
    }
}
