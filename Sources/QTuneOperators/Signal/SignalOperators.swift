extension OperatorCategories {
    /// Spectra of signals, and the windows and weights that go with them.
    static let signal: [any Operator.Type] = [
        DFT.self, STFT.self, MelWeightMatrix.self,
        HannWindow.self, HammingWindow.self, BlackmanWindow.self,
    ]
}
