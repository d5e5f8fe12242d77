internal import CQTuneKernels
internal import QTuneTensor

#if canImport(Glibc)
    internal import Glibc
#endif

/// Sets of instruction-set extensions, as kernels need them and processors have them.
public struct InstructionSet: OptionSet, Hashable, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let avx2 = InstructionSet(rawValue: QT_ISA_AVX2.rawValue)
    public static let avxVNNI = InstructionSet(rawValue: QT_ISA_AVXVNNI.rawValue)
    public static let avx512 = InstructionSet(rawValue: QT_ISA_AVX512.rawValue)
    public static let avx512VNNI = InstructionSet(rawValue: QT_ISA_AVX512VNNI.rawValue)
    public static let neon = InstructionSet(rawValue: QT_ISA_NEON.rawValue)
    public static let dotProduct = InstructionSet(rawValue: QT_ISA_DOTPROD.rawValue)
    public static let int8MatrixMultiply = InstructionSet(rawValue: QT_ISA_I8MM.rawValue)
}

/// A level of instructions that kernels are chosen from. `QTUNE_CPU` forces one by its name.
public struct CPUTier: Hashable, Sendable {
    public let name: String
    /// Everything that kernels of this tier may use.
    public let instructions: InstructionSet

    /// All tiers, lowest first.
    public static let all: [CPUTier] = [
        CPUTier(name: "scalar", instructions: []),
        CPUTier(name: "avx2", instructions: .avx2),
        CPUTier(name: "avxvnni", instructions: [.avx2, .avxVNNI]),
        CPUTier(name: "avx512", instructions: [.avx2, .avx512]),
        CPUTier(name: "avx512vnni", instructions: [.avx2, .avxVNNI, .avx512, .avx512VNNI]),
        CPUTier(name: "neon", instructions: .neon),
        CPUTier(name: "dotprod", instructions: [.neon, .dotProduct]),
        CPUTier(name: "i8mm", instructions: [.neon, .dotProduct, .int8MatrixMultiply]),
    ]

    /// The tiers that this machine runs, lowest first.
    public static let available: [CPUTier] = all.filter { detected.isSuperset(of: $0.required) }

    /// The tier that kernels are chosen from in this process, read once.
    public static var current: CPUTier {
        get throws { try resolved.get() }
    }

    /// What the processor must have. A 512-bit VNNI processor need not have the VEX-encoded form.
    private var required: InstructionSet {
        name == "avx512vnni" ? instructions.subtracting(.avxVNNI) : instructions
    }

    private static let detected = InstructionSet(rawValue: qt_isa_detect())

    private static let resolved: Result<CPUTier, QTuneError> = {
        let best = available[available.count - 1].restricted
        let name = unsafe getenv("QTUNE_CPU").map { unsafe String(cString: $0) } ?? ""
        guard !name.isEmpty else { return .success(best) }
        if let tier = available.first(where: { $0.name == name }) { return .success(tier.restricted) }
        let known = available.map(\.name).joined(separator: ", ")
        return .failure(
            QTuneError(
                .invalidArgument, "QTUNE_CPU=\(name) is no tier of this machine", remedy: "use one of: \(known)"))
    }()

    /// The tier without what this processor lacks.
    private var restricted: CPUTier {
        CPUTier(name: name, instructions: instructions.intersection(Self.detected))
    }
}
