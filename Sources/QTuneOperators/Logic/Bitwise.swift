import QTuneTensor

struct BitwiseAnd: PlainBinaryOperator {
    static let name = "BitwiseAnd"
    static let versions = [18]
    let function = BinaryFunction(nil, signed: { $0 & $1 }, unsigned: { $0 & $1 })
}

struct BitwiseOr: PlainBinaryOperator {
    static let name = "BitwiseOr"
    static let versions = [18]
    let function = BinaryFunction(nil, signed: { $0 | $1 }, unsigned: { $0 | $1 })
}

struct BitwiseXor: PlainBinaryOperator {
    static let name = "BitwiseXor"
    static let versions = [18]
    let function = BinaryFunction(nil, signed: { $0 ^ $1 }, unsigned: { $0 ^ $1 })
}

struct BitwiseNot: PlainUnaryOperator {
    static let name = "BitwiseNot"
    static let versions = [18]
    let function = UnaryFunction(nil, signed: { ~$0 }, unsigned: { ~$0 })
}

/// Integers shifted by as many bits as the second operand says. Bits that leave the type are lost; so is every bit
/// where the second operand is negative or at least the width, and only the sign is left of a shift to the right.
struct BitShift: BinaryOperator {
    static let name = "BitShift"
    static let versions = [11, 28]
    let function: BinaryFunction

    init(_ node: NodeReader) throws {
        try node.expect(inputs: 2...2)
        switch try node.required("direction", node.string("direction")) {
        case "LEFT": function = BinaryFunction(nil, signed: { $1 < 0 ? 0 : $0 << $1 }, unsigned: { $0 << $1 })
        case "RIGHT": function = BinaryFunction(nil, signed: { $0 >> ($1 < 0 ? 64 : $1) }, unsigned: { $0 >> $1 })
        case let other: throw QTuneError(.invalidModel, "attribute 'direction' is '\(other)', not LEFT or RIGHT")
        }
    }
}
