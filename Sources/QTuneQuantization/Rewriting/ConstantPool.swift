internal import QTuneGraph
internal import QTuneTensor

/// Scales and zero points of a graph, each of them stored once.
struct ConstantPool {
    private struct Key: Hashable {
        var kind: String
        var isScalar: Bool
        var bits: [UInt32]
    }

    private var names: [Key: String] = [:]

    /// The name of a float32 constant with `scales`: without axes, or with one.
    mutating func scale(_ scales: [Float], isScalar: Bool, in editor: inout GraphEditor) -> String {
        let key = Key(kind: "scale", isScalar: isScalar, bits: scales.map(\.bitPattern))
        return name(key, in: &editor) { Tensor(scales, shape: isScalar ? .scalar : [scales.count]) }
    }

    /// The name of a constant of type `dtype` with `zeroPoints`.
    mutating func zeroPoint(
        _ zeroPoints: [Int32], dtype: DType, isScalar: Bool, in editor: inout GraphEditor
    ) -> String {
        let key = Key(kind: dtype.name, isScalar: isScalar, bits: zeroPoints.map { UInt32(bitPattern: $0) })
        return name(key, in: &editor) {
            let shape: Shape = isScalar ? .scalar : [zeroPoints.count]
            return switch dtype {
            case .int8: Tensor(zeroPoints.map { Int8(clamping: $0) }, shape: shape)
            case .uint8: Tensor(zeroPoints.map { UInt8(clamping: $0) }, shape: shape)
            default: Tensor(zeroPoints, shape: shape)
            }
        }
    }

    private mutating func name(_ key: Key, in editor: inout GraphEditor, _ make: () -> Tensor) -> String {
        if let known = names[key] { return known }
        let name = editor.addInitializer(make(), named: key.kind)
        names[key] = name
        return name
    }
}
