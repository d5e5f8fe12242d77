import QTuneGraph
import QTuneKernels
import QTuneTensor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The kernel of a support vector machine between samples and vectors of as many features.
struct SupportVectors: Sendable {
    private enum Kernel { case linear, polynomial, radial, sigmoid }

    let count: Int
    let features: Int
    private let vectors: Tensor
    private let kernel: Kernel
    private let gamma: Float
    private let offset: Float
    private let degree: Float

    /// - Parameters:
    ///   - vectors: [count, features]; features follow from their number.
    ///   - isLinear: whether the vectors are the coefficients of a linear model, whatever the node says of a kernel.
    init(_ node: NodeReader, vectors: [Float], count: Int, isLinear: Bool) throws {
        guard count > 0, !vectors.isEmpty, vectors.count.isMultiple(of: count) else {
            throw QTuneError(.invalidModel, "\(vectors.count) numbers for \(count) support vectors")
        }
        self.count = count
        features = vectors.count / count
        self.vectors = Tensor(vectors, shape: [count, features])
        let parameters = try node.floats("kernel_params") ?? []
        guard parameters.isEmpty || parameters.count == 3 else {
            throw QTuneError(.invalidModel, "attribute 'kernel_params' holds \(parameters.count) numbers, not 3")
        }
        (gamma, offset, degree) = parameters.isEmpty ? (0, 0, 0) : (parameters[0], parameters[1], parameters[2])
        switch try node.string("kernel_type") ?? "LINEAR" {
        case _ where isLinear: kernel = .linear
        case "LINEAR": kernel = .linear
        case "POLY": kernel = .polynomial
        case "RBF": kernel = .radial
        case "SIGMOID": kernel = .sigmoid
        case let other: throw QTuneError(.invalidModel, "attribute 'kernel_type' is '\(other)'")
        }
    }

    /// The kernel of each sample with each vector, [samples, vectors], row-major.
    func kernels(of samples: Tensor, pool: ThreadPool) throws -> [Float] {
        let rows = try FeatureRows(samples.shape)
        guard rows.features == features else {
            throw QTuneError(.invalidInput, "\(rows.features) features for a model of \(features)")
        }
        let samples = try samples.asFloat32()
        let output = try EvaluationContext.fresh(.float32, checkedShape([rows.count, count], operand: "the kernels"))
        guard kernel != .radial else {
            distances(samples, rows.count, into: output, pool: pool)
            return output.array(of: Float.self).map { exp(-gamma * $0) }
        }
        QTuneKernels.Gemm.multiply(
            m: rows.count, n: count, k: features, a: samples, b: vectors, transposeB: true, c: output, pool: pool)
        let products = output.array(of: Float.self)
        switch kernel {
        case .polynomial: return products.map { Float(pow(Double(gamma * $0 + offset), Double(degree))) }
        case .sigmoid: return products.map { tanh(gamma * $0 + offset) }
        default: return products
        }
    }

    /// The squared distances of samples from vectors.
    private func distances(_ samples: Tensor, _ rows: Int, into output: Tensor, pool: ThreadPool) {
        pool.run(over: rows, grain: max(1, 1 << 14 / max(1, vectors.count))) { range in
            samples.withSpan(of: Float.self) { samples in
                vectors.withSpan(of: Float.self) { vectors in
                    output.withMutableSpan(of: Float.self) { output in
                        for row in range {
                            for vector in 0..<count {
                                var sum: Float = 0
                                for feature in 0..<features {
                                    let distance =
                                        samples[row * features + feature] - vectors[vector * features + feature]
                                    sum += distance * distance
                                }
                                output[row * count + vector] = sum
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Regression by support vectors, or whether samples belong to a class (1 and -1) where there is only one.
struct SVMRegressor: MachineLearningOperator {
    static let name = "SVMRegressor"

    private let vectors: SupportVectors
    /// A coefficient for each vector; nil where the only vector is that of a linear model.
    private let coefficients: [Float]?
    private let offset: Float
    private let tellsMembership: Bool

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 1...1)
        let count = try node.int("n_supports") ?? 0
        let coefficients = try node.floats("coefficients") ?? []
        let isLinear = count <= 0
        vectors = try SupportVectors(
            node, vectors: isLinear ? coefficients : try node.floats("support_vectors") ?? [],
            count: isLinear ? 1 : count, isLinear: isLinear)
        guard isLinear || coefficients.count == count, let rho = try node.floats("rho"), let offset = rho.first else {
            throw QTuneError(.invalidModel, "\(coefficients.count) coefficients for \(count) vectors, or no 'rho'")
        }
        self.coefficients = isLinear ? nil : coefficients
        self.offset = offset
        tellsMembership = try node.int("one_class") ?? 0 != 0
        let transform = try ScoreTransform(node)
        guard transform == .none else {
            throw QTuneError(
                .unsupported, "attribute 'post_transform' of an SVMRegressor is \(transform)",
                remedy: "apply the transform in a node of its own")
        }
    }

    func inferOutputs(_ context: InferenceContext) throws -> [InferredValue] {
        [.tensor(.float32, [FeatureRows.inferCount(context[0]), .fixed(1)])]
    }

    func evaluate(_ context: EvaluationContext) throws -> [Value] {
        let kernels = try vectors.kernels(of: try context.tensor(0), pool: context.pool)
        var scores = kernels.map { $0 + offset }
        if let coefficients {
            scores = (0..<kernels.count / vectors.count).map { sample in
                coefficients.indices.reduce(Float(0)) { $0 + coefficients[$1] * kernels[sample * vectors.count + $1] }
                    + offset
            }
        }
        if tellsMembership { scores = scores.map { $0 > 0 ? 1 : -1 } }
        return [.tensor(Tensor(scores, shape: [scores.count, 1]))]
    }
}
