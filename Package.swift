// swift-tools-version: 6.2
import PackageDescription

/// Every module's settings. Warnings are errors where `QTUNE_WARNINGS_AS_ERRORS` is set (continuous integration).
let strictSettings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (Context.environment["QTUNE_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

/// Modules that may hold no unsafe code: the compiler warns about each use.
let safeSettings: [SwiftSetting] = strictSettings + [.strictMemorySafety()]

/// A module of the engine, and what it stands on. Imports point downward only.
func module(_ name: String, on dependencies: [Target.Dependency] = [], unsafe: Bool = false) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: unsafe ? strictSettings : safeSettings)
}

/// The tests of one module.
func tests(of name: String, on dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name), "QTuneTestSupport"] + dependencies,
        swiftSettings: strictSettings)
}

let package = Package(
    name: "qtune",
    products: [
        .executable(name: "qtune", targets: ["QTuneCLI"]),
        .library(name: "QTune", targets: ["QTune"]),
        .library(name: "QTuneKernels", targets: ["QTuneKernels"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .systemLibrary(name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CImageCodecs", pkgConfig: "libpng", providers: [.apt(["libjpeg62-turbo-dev", "libpng-dev"])]),
        .target(name: "COnnxProto", dependencies: ["CProtobufC"]),
        .target(
            name: "CQTuneKernels", path: "Kernels/CPU", cSettings: [.define("NDEBUG", .when(configuration: .release))]),

        module("QTuneTensor", on: ["CZlib"], unsafe: true),
        module("QTuneKernels", on: ["QTuneTensor", "CQTuneKernels"], unsafe: true),
        module("QTuneGraph", on: ["QTuneTensor"]),
        module("QTuneONNX", on: ["QTuneGraph", "QTuneTensor", "COnnxProto", "CProtobufC"], unsafe: true),
        module("QTuneImages", on: ["QTuneTensor", "CImageCodecs"]),
        module("QTuneOperators", on: ["QTuneGraph", "QTuneKernels", "QTuneImages", "QTuneTensor"]),
        module("QTuneRuntime", on: ["QTuneOperators", "QTuneGraph", "QTuneKernels", "QTuneTensor"]),
        module("QTuneData", on: ["QTuneTensor", "QTuneImages"]),
        module("QTuneQuantization", on: ["QTuneRuntime", "QTuneGraph", "QTuneTensor", "QTuneOperators"]),
        module(
            "QTuneSearch",
            on: [
                "QTuneQuantization", "QTuneRuntime", "QTuneData", "QTuneGraph", "QTuneTensor", "QTuneONNX",
                "QTuneKernels",
            ]),
        module("QTuneReport"),
        module(
            "QTuneVerification",
            on: ["QTuneRuntime", "QTuneOperators", "QTuneONNX", "QTuneGraph", "QTuneKernels", "QTuneTensor"]),
        module(
            "QTune",
            on: [
                "QTuneTensor", "QTuneKernels", "QTuneGraph", "QTuneONNX", "QTuneOperators", "QTuneRuntime", "QTuneData",
                "QTuneQuantization", "QTuneSearch", "QTuneReport", "QTuneVerification",
            ]),
        .executableTarget(
            name: "QTuneCLI",
            dependencies: ["QTune", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: safeSettings),

        .target(
            name: "QTuneTestSupport", dependencies: ["QTuneTensor", "QTuneGraph"], path: "Tests/QTuneTestSupport",
            swiftSettings: strictSettings),
        tests(of: "QTuneTensor"),
        tests(of: "QTuneKernels", on: ["QTuneTensor"]),
        tests(of: "QTuneGraph", on: ["QTuneTensor"]),
        tests(of: "QTuneONNX", on: ["QTuneGraph", "QTuneTensor"]),
        tests(of: "QTuneImages", on: ["QTuneTensor"]),
        tests(of: "QTuneOperators", on: ["QTuneGraph", "QTuneTensor", "QTuneKernels"]),
        tests(of: "QTuneRuntime", on: ["QTuneOperators", "QTuneGraph", "QTuneTensor", "QTuneKernels", "QTuneONNX"]),
        tests(of: "QTuneData", on: ["QTuneTensor"]),
        tests(of: "QTuneQuantization", on: ["QTuneRuntime", "QTuneGraph", "QTuneTensor", "QTuneONNX", "QTuneData"]),
        tests(
            of: "QTuneSearch",
            on: ["QTuneQuantization", "QTuneRuntime", "QTuneGraph", "QTuneTensor", "QTuneData", "QTuneONNX"]),
        tests(of: "QTuneReport"),
        tests(of: "QTuneVerification", on: ["QTuneRuntime", "QTuneONNX", "QTuneGraph", "QTuneTensor"]),
        .testTarget(
            name: "QTuneConformanceTests",
            dependencies: [
                "QTuneVerification", "QTuneONNX", "QTuneRuntime", "QTuneOperators", "QTuneGraph", "QTuneTensor",
            ],
            resources: [.copy("exclusions.txt")], swiftSettings: strictSettings),
        tests(
            of: "QTuneCLI", on: ["QTuneONNX", "QTuneRuntime", "QTuneKernels", "QTuneGraph", "QTuneTensor"]),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu2x
)
