// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "embed",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "qtune", path: "../..")],
    targets: [
        .executableTarget(
            name: "embed", dependencies: [.product(name: "QTune", package: "qtune")], path: ".", sources: ["main.swift"]
        )
    ],
    swiftLanguageModes: [.v6]
)
