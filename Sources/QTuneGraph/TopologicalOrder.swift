internal import QTuneTensor

extension Graph {
    /// `nodes` with every producer before its consumers, otherwise in their given order.
    ///
    /// Throws where a value is made twice, where an operand comes from nowhere (`outerScope` names what an enclosing
    /// graph provides), and where nodes wait for one another in a circle.
    package static func topologicallySorted(
        _ nodes: [Node], given: Set<String>, outerScope: Set<String> = []
    ) throws -> [Node] {
        try topologicallySorted(nodes, given: given, isOuter: outerScope.contains)
    }

    /// The same, where `isOuter` tells whether an enclosing graph provides a value.
    package static func topologicallySorted(
        _ nodes: [Node], given: Set<String>, isOuter: (String) -> Bool
    ) throws -> [Node] {
        var producer: [String: Int] = [:]
        for (index, node) in nodes.enumerated() {
            for output in node.outputs where !output.isEmpty {
                guard producer.updateValue(index, forKey: output) == nil, !given.contains(output) else {
                    throw QTuneError(
                        .invalidModel, "value '\(output)' is made more than once", place: ["node '\(node.label)'"])
                }
            }
        }
        var waitingFor = [Int](repeating: 0, count: nodes.count)
        var consumers = [[Int]](repeating: [], count: nodes.count)
        for (index, node) in nodes.enumerated() {
            for name in Set(node.dependencies) {
                if let source = producer[name] {
                    waitingFor[index] += 1
                    consumers[source].append(index)
                } else if !given.contains(name), !isOuter(name) {
                    throw QTuneError(
                        .invalidModel, "operand '\(name)' is neither an input, an initializer nor made by a node",
                        place: ["node '\(node.label)'"])
                }
            }
        }
        return try drain(nodes, waitingFor: &waitingFor, consumers: consumers)
    }

    /// Emits nodes whose operands are there, the earliest in the given order first.
    private static func drain(_ nodes: [Node], waitingFor: inout [Int], consumers: [[Int]]) throws -> [Node] {
        var ready = MinimumHeap(nodes.indices.filter { waitingFor[$0] == 0 })
        var sorted: [Node] = []
        sorted.reserveCapacity(nodes.count)
        while let index = ready.popMinimum() {
            sorted.append(nodes[index])
            for consumer in consumers[index] {
                waitingFor[consumer] -= 1
                if waitingFor[consumer] == 0 { ready.insert(consumer) }
            }
        }
        guard sorted.count == nodes.count else {
            let stuck = nodes.indices.first { waitingFor[$0] > 0 }
            throw QTuneError(
                .invalidModel, "the nodes form a cycle", place: stuck.map { ["node '\(nodes[$0].label)'"] } ?? [])
        }
        return sorted
    }
}

/// A binary heap of integers.
private struct MinimumHeap {
    private var items: [Int] = []

    init(_ items: [Int]) {
        for item in items { insert(item) }
    }

    mutating func insert(_ item: Int) {
        items.append(item)
        var child = items.count - 1
        while child > 0, items[child] < items[(child - 1) / 2] {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popMinimum() -> Int? {
        guard let minimum = items.first else { return nil }
        let last = items.removeLast()
        if !items.isEmpty {
            items[0] = last
            var parent = 0
            while true {
                let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < items.count }
                guard let child = children.min(by: { items[$0] < items[$1] }), items[child] < items[parent] else {
                    break
                }
                items.swapAt(child, parent)
                parent = child
            }
        }
        return minimum
    }
}
