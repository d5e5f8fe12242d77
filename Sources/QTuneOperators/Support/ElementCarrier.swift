import QTuneTensor

/// Elements of any type as elements of plain bytes, so that operators that only move elements need no more than four
/// widths. Packed types travel as one byte each; strings and 128-bit numbers as numbers in a table.
struct ElementCarrier {
    /// The operands, of an integer type of 8, 16, 32 or 64 bits.
    let tensors: [Tensor]
    private let dtype: DType
    private let table: [String]
    private let wideTable: Tensor?

    /// Throws where the operands are not of one type.
    init(_ originals: [Tensor]) throws {
        let dtype = originals.first?.dtype ?? .uint8
        for other in originals where other.dtype != dtype {
            throw QTuneError(.invalidInput, "operands are of different types, \(dtype) and \(other.dtype)")
        }
        self.dtype = dtype
        var table: [String] = []
        var wideTable: Tensor?
        switch dtype.bitWidth {
        case 0:
            tensors = originals.map { tensor in
                let start = Int64(table.count)
                table += tensor.strings
                return Tensor((0..<Int64(tensor.count)).map { start + $0 }, shape: tensor.shape)
            }
        case 2, 4, 6: tensors = originals.map { Tensor($0.codes.map { UInt8($0) }, shape: $0.shape) }
        case 8: tensors = originals.map { $0.reinterpreted(as: .uint8) }
        case 16: tensors = originals.map { $0.reinterpreted(as: .uint16) }
        case 32: tensors = originals.map { $0.reinterpreted(as: .uint32) }
        case 64: tensors = originals.map { $0.reinterpreted(as: .uint64) }
        default:
            var parts: [UInt64] = []
            tensors = originals.map { tensor in
                let start = Int64(parts.count / 2)
                parts += tensor.words
                return Tensor((0..<Int64(tensor.count)).map { start + $0 }, shape: tensor.shape)
            }
            wideTable = Tensor(parts)
        }
        self.table = table
        self.wideTable = wideTable
    }

    private var carriedType: DType { tensors.first?.dtype ?? dtype }

    /// Calls `body` with a tensor to fill for output `index`, of the carried type, and gives the output.
    func makeOutput(
        _ context: EvaluationContext, _ shape: Shape, index: Int = 0, _ body: (Tensor) throws -> Void
    ) throws -> Value {
        switch dtype.bitWidth {
        case 8, 16, 32, 64:
            let output = try context.makeOutput(index, dtype, shape)
            try body(output.reinterpreted(as: carriedType))
            return .tensor(output)
        case 2, 4, 6:
            let output = try context.makeOutput(index, dtype, shape)
            let carried = try EvaluationContext.fresh(.uint8, shape)
            try body(carried)
            let codes = carried.array(of: UInt8.self)
            output.packCodes { Int(codes[$0]) }
            return .tensor(output)
        default:
            let carried = try EvaluationContext.fresh(.int64, shape)
            try body(carried)
            return .tensor(restored(carried))
        }
    }

    private func restored(_ carried: Tensor) -> Tensor {
        let numbers = carried.array(of: Int64.self)
        guard let wideTable else {
            return Tensor(strings: numbers.map { table.isEmpty ? "" : table[Int($0)] }, shape: carried.shape)
        }
        let words = wideTable.array(of: UInt64.self)
        let output = Tensor(uninitialized: dtype, shape: carried.shape)
        output.withMutableBytes { bytes in
            for (position, number) in numbers.enumerated() {
                for byte in 0..<16 {
                    let word = words[Int(number) * 2 + byte / 8]
                    bytes[position * 16 + byte] = UInt8(truncatingIfNeeded: word >> UInt64(byte % 8 * 8))
                }
            }
        }
        return output
    }
}

extension Tensor {
    /// The bytes in groups of eight, lowest first.
    fileprivate var words: [UInt64] {
        withBytes { bytes in
            (0..<bytes.count / 8).map { word in
                (0..<8).reduce(0) { $0 | UInt64(bytes[word * 8 + $1]) << UInt64($1 * 8) }
            }
        }
    }
}
