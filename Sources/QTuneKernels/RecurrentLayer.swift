internal import CQTuneKernels
package import QTuneTensor

/// One direction of a float32 recurrent layer, with its weights packed once for one tier.
///
/// The input's share of all steps is one product; each step adds the product of the state before it, and gates follow
/// as functions of whole rows.
package final class RecurrentLayer: Sendable {
    /// How states follow from sums. Functions are applied one after the other.
    package enum Cell: Sendable {
        /// `f(sum)`
        case plain(f: [Elementwise.Unary])
        /// Gates update, reset, hidden. `resetsAfter` says that the reset gate works on the product with the state,
        /// else on the state.
        case gru(f: [Elementwise.Unary], g: [Elementwise.Unary], resetsAfter: Bool)
        /// Gates input, output, forget, cell. `couplesForget` says that the forget gate is 1 minus the input gate;
        /// `peepholes` are weights of input, output and forget gate for the cell.
        case lstm(
            f: [Elementwise.Unary], g: [Elementwise.Unary], h: [Elementwise.Unary], couplesForget: Bool,
            peepholes: [Float]?)

        fileprivate var gates: Int {
            switch self {
            case .plain: 1
            case .gru: 3
            case .lstm: 4
            }
        }
    }

    /// Numbers of a state.
    package let hidden: Int
    /// Numbers of an input.
    package let inputSize: Int

    private let cell: Cell
    private let tier: CPUTier
    private let inputProduct: FloatMatrix
    /// Of the gates that take the product with the state as it is, and of the gate that does not.
    private let stateProduct: PackedColumns
    private let resetProduct: PackedColumns?

    /// Packs weights of the input [gates * hidden, inputs], of the state [gates * hidden, hidden], and both biases,
    /// gates * hidden numbers each.
    /// - Throws: `invalidArgument` where shapes do not fit, or `QTUNE_CPU` names no tier.
    package init(
        _ cell: Cell, inputWeights: Tensor, stateWeights: Tensor, inputBias: [Float], stateBias: [Float],
        tier: CPUTier? = nil
    ) throws {
        let gates = cell.gates
        guard inputWeights.dtype == .float32, stateWeights.dtype == .float32, inputWeights.shape.rank == 2,
            stateWeights.shape.rank == 2, stateWeights.shape[0] == gates * stateWeights.shape[1],
            inputWeights.shape[0] == stateWeights.shape[0], inputBias.count == stateWeights.shape[0],
            stateBias.count == stateWeights.shape[0], stateWeights.count > 0
        else {
            throw QTuneError(
                .invalidArgument,
                "weights \(inputWeights.shape) and \(stateWeights.shape) are not those of \(gates) gates")
        }
        let tier = try tier ?? CPUTier.current
        let hidden = stateWeights.shape[1]
        (self.cell, self.tier, self.hidden, inputSize) = (cell, tier, hidden, inputWeights.shape[1])
        // What a reset gate multiplies keeps its own bias; every other sum starts with both.
        var (early, late) = (zip(inputBias, stateBias).map { $0 + $1 }, [Float](repeating: 0, count: gates * hidden))
        var direct = gates
        if case .gru(_, _, let resetsAfter) = cell {
            if resetsAfter {
                early.replaceSubrange((2 * hidden)..., with: inputBias[(2 * hidden)...])
                late.replaceSubrange((2 * hidden)..., with: stateBias[(2 * hidden)...])
            } else {
                direct = 2
            }
        }
        inputProduct = try FloatMatrix(inputWeights, transposed: true, bias: Tensor(early), tier: tier)
        let kernel = FloatKernels.gemm(for: tier)
        let matrix = UnsafePointer(stateWeights.unsafeElements(Float.self))
        stateProduct = PackedColumns(
            matrix: matrix, transposed: true, depth: hidden, columns: direct * hidden, kernel: kernel, tier: tier,
            bias: { late[$0] })
        resetProduct =
            direct == gates
            ? nil
            : PackedColumns(
                matrix: matrix + direct * hidden * hidden, transposed: true, depth: hidden, columns: hidden,
                kernel: kernel, tier: tier)
        extendLifetime(stateWeights)
    }

    /// The states between which a run goes, [batch, hidden] each.
    package struct States {
        package let hidden: Tensor
        /// Of `lstm` only.
        package let cell: Tensor?

        package init(hidden: Tensor, cell: Tensor? = nil) {
            (self.hidden, self.cell) = (hidden, cell)
        }
    }

    /// Runs over all steps of `x`, [steps, batch, inputs], from `states`, which are those of the end afterwards.
    /// - Parameters:
    ///   - isBackward: whether the last step comes first.
    ///   - output: [steps, directions, batch, hidden]; the states of each step are written for `direction`.
    package func run(
        _ x: Tensor, _ states: States, isBackward: Bool, into output: Tensor, direction: Int, pool: ThreadPool
    ) {
        precondition(x.dtype == .float32 && x.shape.rank == 3 && x.shape[2] == inputSize, "\(x.shape) does not fit")
        let (steps, batch) = (x.shape[0], x.shape[1])
        precondition(
            output.dtype == .float32 && output.shape.rank == 4 && output.shape[0] == steps
                && output.shape[2] == batch && output.shape[3] == hidden && direction < output.shape[1],
            "\(output.shape) is no place for the states")
        precondition(states.hidden.count == batch * hidden, "a state of \(states.hidden.shape)")
        precondition(states.cell.map { $0.count == batch * hidden } ?? true, "cells that do not fit the state")
        guard steps > 0, batch > 0 else { return }
        let width = cell.gates * hidden
        let inputs = Tensor(uninitialized: .float32, shape: [steps, batch, width])
        inputProduct.run(x, into: inputs, pool: pool)
        let shares = UnsafePointer(inputs.unsafeElements(Float.self))
        let all = output.unsafeElements(Float.self)
        let state = states.hidden.unsafeElements(Float.self)
        let cells = states.cell?.unsafeElements(Float.self)
        ScratchMemory.withFloats(batch * (width + hidden)) { room in
            let step = Step(
                layer: self, batch: batch, sums: room, spare: room + batch * width,
                elements: FloatKernels.elementwise(for: tier), pool: pool)
            var before = UnsafePointer(state)
            for index in 0..<steps {
                let place = isBackward ? steps - 1 - index : index
                let after = all + (place * output.shape[1] + direction) * batch * hidden
                step.run(shares + place * batch * width, from: before, cells: cells, to: after)
                before = UnsafePointer(after)
            }
            state.update(from: before, count: batch * hidden)
        }
        extendLifetime((inputs, output, states.hidden, states.cell))
    }

    /// One step of all sequences of the batch.
    private struct Step {
        let layer: RecurrentLayer
        let batch: Int
        /// [batch, gates * hidden] and [batch, hidden] to work in.
        let sums: UnsafeMutablePointer<Float>
        let spare: UnsafeMutablePointer<Float>
        let elements: qt_f32_elementwise_row
        let pool: ThreadPool

        private var hidden: Int { layer.hidden }
        private var width: Int { layer.cell.gates * layer.hidden }

        func run(
            _ inputs: UnsafePointer<Float>, from before: UnsafePointer<Float>, cells: UnsafeMutablePointer<Float>?,
            to after: UnsafeMutablePointer<Float>
        ) {
            switch layer.cell {
            case .plain(let f):
                multiply(before, by: layer.stateProduct, adding: inputs, into: after)
                apply(f, gates: 1, of: after, stride: hidden)
            case .gru(let f, let g, true):
                multiply(before, by: layer.stateProduct, adding: nil, into: sums)
                for row in 0..<batch {
                    let (sum, share) = (sums + row * width, inputs + row * width)
                    binary(QT_BINARY_ADD, sum, share, sum, 2 * hidden)
                    apply(f, sum, 2 * hidden)
                    binary(QT_BINARY_MUL, sum + 2 * hidden, sum + hidden, sum + 2 * hidden)
                    binary(QT_BINARY_ADD, sum + 2 * hidden, share + 2 * hidden, sum + 2 * hidden)
                    apply(g, sum + 2 * hidden, hidden)
                    mix(sum, before + row * hidden, sum + 2 * hidden, into: after + row * hidden)
                }
            case .gru(let f, let g, false):
                multiply(before, by: layer.stateProduct, adding: inputs, into: sums)
                apply(f, gates: 2, of: sums, stride: width)
                for row in 0..<batch {
                    binary(
                        QT_BINARY_MUL, before + row * hidden, sums + row * width + hidden, spare + row * hidden)
                }
                if let product = layer.resetProduct {
                    multiply(spare, by: product, adding: inputs + 2 * hidden, into: sums + 2 * hidden)
                }
                apply(g, gates: 1, of: sums + 2 * hidden, stride: width)
                for row in 0..<batch {
                    let sum = sums + row * width
                    mix(sum, before + row * hidden, sum + 2 * hidden, into: after + row * hidden)
                }
            case .lstm:
                multiply(before, by: layer.stateProduct, adding: inputs, into: sums)
                for row in 0..<batch {
                    if let cells { remember(sums + row * width, cells + row * hidden, into: after + row * hidden) }
                }
            }
        }

        /// The next cell and state of one sequence with long memory.
        private func remember(
            _ sums: UnsafeMutablePointer<Float>, _ cell: UnsafeMutablePointer<Float>,
            into after: UnsafeMutablePointer<Float>
        ) {
            guard case .lstm(let f, let g, let h, let couplesForget, let peepholes) = layer.cell else { return }
            let (input, output, forget, new) = (sums, sums + hidden, sums + 2 * hidden, sums + 3 * hidden)
            if let peepholes {
                peep(peepholes, 0, at: cell, into: input)
                if !couplesForget { peep(peepholes, 2, at: cell, into: forget) }
                apply(f, input, hidden)
                apply(f, forget, hidden)
            } else {
                apply(f, input, 3 * hidden)
            }
            if couplesForget {
                elements.unary(QT_UNARY_AFFINE, input, forget, hidden, -1, 1)
            }
            apply(g, new, hidden)
            binary(QT_BINARY_MUL, forget, cell, cell)
            binary(QT_BINARY_MUL, input, new, new)
            binary(QT_BINARY_ADD, cell, new, cell)
            if let peepholes {
                peep(peepholes, 1, at: cell, into: output)
                apply(f, output, hidden)
            }
            new.update(from: cell, count: hidden)
            apply(h, new, hidden)
            binary(QT_BINARY_MUL, output, new, after)
        }

        /// Adds the cell times the weights of gate `gate` to its sum.
        private func peep(
            _ peepholes: [Float], _ gate: Int, at cell: UnsafePointer<Float>, into sum: UnsafeMutablePointer<Float>
        ) {
            peepholes.withUnsafeBufferPointer { weights in
                guard let weights = weights.baseAddress else { return }
                binary(QT_BINARY_MUL, weights + gate * hidden, cell, spare)
                binary(QT_BINARY_ADD, sum, spare, sum)
            }
        }

        /// `(1 - update) * candidate + update * before`
        private func mix(
            _ update: UnsafeMutablePointer<Float>, _ before: UnsafePointer<Float>,
            _ candidate: UnsafeMutablePointer<Float>, into after: UnsafeMutablePointer<Float>
        ) {
            binary(QT_BINARY_MUL, update, before, after)
            elements.unary(QT_UNARY_AFFINE, update, update, hidden, -1, 1)
            binary(QT_BINARY_MUL, update, candidate, candidate)
            binary(QT_BINARY_ADD, after, candidate, after)
        }

        private func binary(
            _ function: qt_binary, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
            _ y: UnsafeMutablePointer<Float>, _ count: Int? = nil
        ) {
            elements.binary(function, QT_BOTH_ARRAYS, a, b, y, count ?? hidden)
        }

        private func apply(_ functions: [Elementwise.Unary], _ x: UnsafeMutablePointer<Float>, _ count: Int) {
            for function in functions {
                Elementwise.apply(function, rows: 1, columns: count, of: x, stride: count, kernel: elements)
            }
        }

        private func apply(
            _ functions: [Elementwise.Unary], gates: Int, of x: UnsafeMutablePointer<Float>, stride: Int
        ) {
            for function in functions {
                Elementwise.apply(
                    function, rows: batch, columns: gates * hidden, of: x, stride: stride, kernel: elements)
            }
        }

        /// Rows of the result are those of the sums, or of states where the cell has one gate.
        private func multiply(
            _ state: UnsafePointer<Float>, by columns: PackedColumns, adding inputs: UnsafePointer<Float>?,
            into target: UnsafeMutablePointer<Float>
        ) {
            let product = GatheredProduct(
                columns: columns, rows: batch, taps: 1, depth: hidden, floatsPerRow: hidden, output: target,
                outputStride: width, residual: inputs, activation: .none, elementwise: elements)
            let hidden = hidden
            product.run(pool: pool) { range, pointers in
                for row in range { pointers[row - range.lowerBound] = state + row * hidden }
            }
        }
    }
}
