internal import QTuneGraph
internal import QTuneOperators
internal import QTuneTensor

/// Makes a Pad with zeros part of the convolution after it, which pads while it reads. Between them may stand
/// QuantizeLinear and DequantizeLinear with one scale: 0 goes through them unchanged. Among integers, the zero point
/// is what stands for 0.
struct PadFolding: Pass {
    let name = "fold-padding"
    let purpose: String

    func run(_ rewriting: inout Rewriting) throws {
        for id in rewriting.editor.nodeIDs {
            guard let node = rewriting.editor[id], let zeroPoint = Self.zeroPointOperand[node.qualifiedType] else {
                continue
            }
            var between: [(id: GraphEditor.NodeID, node: Node)] = []
            var place = Place.reals
            if let zeroPoint { place = .integers(zeroPoint < node.inputs.count ? node.inputs[zeroPoint] : "") }
            var value = node.inputs[0]
            while let id = rewriting.editor.producer(of: value), let producer = rewriting.editor[id] {
                if producer.qualifiedType == "Pad" {
                    fold(producer, id, into: node, behind: between, place, &rewriting)
                    break
                }
                guard let next = place.before(producer, rewriting), let input = producer.inputs.first else { break }
                between.append((id, producer))
                (place, value) = (next, input)
            }
        }
    }

    /// Convolutions, and which operand is the zero point of their input; nil for those of real numbers.
    private static let zeroPointOperand: [String: Int?] = ["Conv": nil, "QLinearConv": 2, "ConvInteger": 2]

    /// What stands for 0 between two nodes.
    private enum Place {
        case reals
        /// The value of that name; 0 where it is empty.
        case integers(String)

        /// What stands for 0 before `node`; nil for a node that may make something else of it.
        func before(_ node: Node, _ rewriting: Rewriting) -> Place? {
            guard node.inputs.count >= 2, rewriting.constant(node, 1)?.count == 1 else { return nil }
            let zeroPoint = node.inputs.count > 2 ? node.inputs[2] : ""
            switch (node.qualifiedType, self) {
            case ("DequantizeLinear", .reals): return .integers(zeroPoint)
            case ("QuantizeLinear", .integers(let known)):
                let (given, expected) = (rewriting.integer(zeroPoint), rewriting.integer(known))
                return given != nil && given == expected ? .reals : nil
            default: return nil
            }
        }
    }
}

extension PadFolding {
    private func fold(
        _ pad: Node, _ padID: GraphEditor.NodeID, into convolution: Node,
        behind between: [(id: GraphEditor.NodeID, node: Node)], _ place: Place, _ rewriting: inout Rewriting
    ) {
        let names = between.compactMap(\.node.outputs.first) + pad.outputs
        guard let last = names.first, let id = rewriting.editor.soleConsumer(of: last),
            names.allSatisfy({ rewriting.editor.soleConsumer(of: $0) != nil })
        else { return rewriting.refuse(pad, "its result is used elsewhere, or given out") }
        do {
            var folded = convolution
            try Self.add(try Self.amounts(pad, place, rewriting), to: &folded)
            if between.isEmpty {
                folded.inputs[0] = pad.inputs[0]
            } else if var first = between.last {
                first.node.inputs[0] = pad.inputs[0]
                rewriting.editor.replace(first.id, with: first.node)
                for name in names.dropLast() { rewriting.declare(name, rewriting.unpadded(pad, like: name)) }
            }
            rewriting.editor.replace(id, with: folded)
            rewriting.editor.remove(padID)
            rewriting.matched(pad)
        } catch let refusal as Refusal {
            rewriting.refuse(pad, refusal.reason)
        } catch {
            rewriting.refuse(pad, "\(error)")
        }
    }

    private struct Refusal: Error {
        let reason: String
    }

    /// What `pad` puts before the spatial axes, then what it puts behind them.
    private static func amounts(_ pad: Node, _ place: Place, _ rewriting: Rewriting) throws -> [Int] {
        guard pad.string("mode") ?? "constant" == "constant" else {
            throw Refusal(reason: "it repeats elements instead of adding zeros")
        }
        let given: [Int]
        if let written = pad.ints("pads") {
            guard pad.float("value") ?? 0 == 0, case .reals = place else {
                throw Refusal(reason: "it does not pad with zeros")
            }
            given = written
        } else {
            guard let constant = rewriting.constant(pad, 1)?.integers else {
                throw Refusal(reason: "its amounts are not constant")
            }
            guard isZero(pad, place, rewriting) else { throw Refusal(reason: "it does not pad with zeros") }
            given = constant
        }
        guard let rank = rewriting.value(pad.inputs[0]).rank, rank >= 3 else {
            throw Refusal(reason: "its operand is not known to be a batch of images")
        }
        var axes = Array(0..<rank)
        if pad.inputs.count > 3, !pad.inputs[3].isEmpty {
            guard let named = rewriting.constant(pad, 3)?.integers, named.allSatisfy({ (-rank..<rank).contains($0) })
            else { throw Refusal(reason: "its axes are not constant") }
            axes = named.map { $0 < 0 ? $0 + rank : $0 }
        }
        guard given.count == 2 * axes.count, given.allSatisfy({ (0...Int(Int32.max)).contains($0) }) else {
            throw Refusal(reason: "it takes elements away")
        }
        var (before, behind) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
        for (index, axis) in axes.enumerated() {
            (before[axis], behind[axis]) = (given[index], given[index + axes.count])
        }
        guard (before[..<2] + behind[..<2]).allSatisfy({ $0 == 0 }) else {
            throw Refusal(reason: "it adds images or channels")
        }
        return Array(before[2...] + behind[2...])
    }

    /// Whether what `pad` adds stands for 0.
    private static func isZero(_ pad: Node, _ place: Place, _ rewriting: Rewriting) -> Bool {
        let value = pad.inputs.count > 2 ? pad.inputs[2] : ""
        switch place {
        case .reals: return value.isEmpty || rewriting.isRealZero(value)
        case .integers(let zeroPoint):
            guard let zero = rewriting.integer(zeroPoint) else { return false }
            return rewriting.integer(value) == zero
        }
    }

    /// Adds to the padding that `convolution` does itself.
    private static func add(_ amounts: [Int], to convolution: inout Node) throws {
        let mode = convolution.string("auto_pad") ?? "NOTSET"
        guard ["NOTSET", "", "VALID"].contains(mode) else {
            throw Refusal(reason: "the convolution's own padding, \(mode), depends on the length of its operand")
        }
        let own = mode == "VALID" ? nil : convolution.ints("pads")
        let sums = zip(amounts, own ?? [Int](repeating: 0, count: amounts.count)).map { $0.addingReportingOverflow($1) }
        guard own?.count ?? amounts.count == amounts.count, sums.allSatisfy({ !$0.overflow }) else {
            throw Refusal(reason: "the convolution pads another number of axes")
        }
        convolution.attributes["auto_pad"] = nil
        convolution.attributes["pads"] = .ints(sums.map { Int64($0.partialValue) })
    }
}

extension Rewriting {
    /// A constant integer; 0 for an operand left out, nil for what is not constant.
    fileprivate func integer(_ name: String) -> Int? {
        if name.isEmpty { return 0 }
        guard let tensor = editor.constant(name), tensor.count == 1 else { return nil }
        return tensor.integers?.first
    }

    /// Whether `name` is a constant 0, dequantized or not.
    fileprivate func isRealZero(_ name: String) -> Bool {
        if let tensor = editor.constant(name) {
            return tensor.dtype == .float32 && tensor.count == 1 && tensor.array(of: Float.self)[0] == 0
        }
        guard let id = editor.producer(of: name), let node = editor[id], node.qualifiedType == "DequantizeLinear",
            let zero = integer(node.inputs.count > 2 ? node.inputs[2] : "")
        else { return false }
        return node.inputs.first.flatMap { integer($0) } == zero
    }

    /// What is known of `name` once it holds the operand of `pad` instead of its result.
    fileprivate func unpadded(_ pad: Node, like name: String) -> InferredValue {
        .tensor(value(name).dtype, value(pad.inputs[0]).dimensions)
    }
}
