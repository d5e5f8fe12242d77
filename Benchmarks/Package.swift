// swift-tools-version: 6.1
import PackageDescription

/// A package of its own, so that programs that embed the engine do not fetch the benchmark harness.
let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "qtune", path: ".."),
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [suite("Kernels"), suite("Sessions")],
    swiftLanguageModes: [.v6]
)

/// A suite: the plugin looks for executables in folders that stand in one called Benchmarks.
func suite(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            .product(name: "Benchmark", package: "benchmark"),
            .product(name: "QTune", package: "qtune"),
            .product(name: "QTuneKernels", package: "qtune"),
        ],
        path: "Benchmarks/\(name)",
        plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")])
}
