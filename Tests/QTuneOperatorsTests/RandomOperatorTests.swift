import QTuneGraph
import QTuneTensor
import Testing

@Suite struct RandomOperatorTests {
    private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    @Test func uniformNumbersFillTheirRange() throws {
        let attributes: [String: Attribute] = [
            "shape": .ints([100, 100]), "low": .float(2), "high": .float(5), "seed": .float(1), "dtype": .int(11),
        ]
        let values = try evaluateNode("RandomUniform", attributes, [])[0].array(of: Double.self)
        #expect(values.allSatisfy { $0 >= 2 && $0 < 5 })
        // The standard error of the mean is 0.0087, of the variance 0.0067.
        #expect(abs(mean(values) - 3.5) < 0.04)
        #expect(abs(mean(values.map { ($0 - 3.5) * ($0 - 3.5) }) - 0.75) < 0.03)
    }

    @Test(arguments: [DType.float16, .bfloat16, .float32, .float64]) func theUpperEndIsLeftOut(_ dtype: DType) throws {
        for (low, high) in [(0, 1), (1, 2), (-2, -1), (-1, 0), (1000, 1001)] as [(Float, Float)] {
            let attributes: [String: Attribute] = [
                "shape": .ints([20000]), "dtype": .int(Int64(dtype.rawValue)), "low": .float(low),
                "high": .float(high), "seed": .float(2),
            ]
            let tensor = try evaluateNode("RandomUniform", attributes, [])[0]
            let doubles = try evaluateNode("Cast", ["to": .int(11)], [tensor])[0].array(of: Double.self)
            // Of bfloat16 there is no number between 1000 and 1001 but 1000.
            #expect(doubles.allSatisfy { $0 >= Double(low) && $0 < Double(high) }, "\(low) to \(high)")
        }
    }

    /// The steps of float32 are as wide as the range: both numbers are drawn, the upper end never.
    @Test func aRangeOfFewNumbers() throws {
        let high = Float(1).nextUp.nextUp
        let attributes: [String: Attribute] = ["shape": .ints([1000]), "low": .float(1), "high": .float(high)]
        let numbers = Set(try evaluateNode("RandomUniform", attributes, [])[0].array(of: Float.self))
        #expect(numbers == [1, Float(1).nextUp])
    }

    @Test func normalNumbersHaveTheirMoments() throws {
        let attributes: [String: Attribute] = ["mean": .float(1), "scale": .float(2), "seed": .float(7)]
        let like = Tensor(zeros: .float32, shape: [20000])
        let values = try evaluateNode("RandomNormalLike", attributes, [like])[0].array(of: Float.self).map {
            Double($0)
        }
        #expect(abs(mean(values) - 1) < 0.06)
        let deviations = values.map { ($0 - 1) / 2 }
        #expect(abs(mean(deviations.map { $0 * $0 }) - 1) < 0.05)
        #expect(abs(mean(deviations.map { $0 * $0 * $0 * $0 }) - 3) < 0.4)
    }

    @Test func seedsMakeNumbersReproducible() throws {
        func draw(_ seed: Float?) throws -> Tensor {
            var attributes: [String: Attribute] = ["shape": .ints([8])]
            attributes["seed"] = seed.map { .float($0) }
            return try evaluateNode("RandomNormal", attributes, [])[0]
        }
        #expect(try draw(0) == draw(0))
        #expect(try draw(0) != draw(1))
        #expect(try draw(nil) != draw(nil))
    }

    @Test func drawsFollowTheProbabilities() throws {
        let probabilities = floats([0, 1, 0.25, 0.25], [4])
        let wide = try evaluateNode("Expand", [:], [probabilities, ints([10000, 4])])[0]
        let drawn = try evaluateNode("Bernoulli", ["dtype": .int(9), "seed": .float(3)], [wide])[0].array(of: Bool.self)
        let shares = (0..<4).map { column in
            Double(stride(from: column, to: drawn.count, by: 4).filter { drawn[$0] }.count) / 10000
        }
        #expect(shares[0] == 0 && shares[1] == 1)
        #expect(abs(shares[2] - 0.25) < 0.02 && abs(shares[3] - 0.25) < 0.02)
    }

    @Test func classesFollowTheirWeights() throws {
        // Logarithms of the weights 1, 0, 3 and of 0, 1, 0.
        let logarithms = floats([0, -.infinity, 1.0986123, -.infinity, 50, -1000], [2, 3])
        let attributes: [String: Attribute] = ["sample_size": .int(10000), "seed": .float(5), "dtype": .int(7)]
        let classes = try evaluateNode("Multinomial", attributes, [logarithms])[0].array(of: Int64.self)
        let first = classes[..<10000]
        #expect(first.allSatisfy { $0 == 0 || $0 == 2 })
        #expect(abs(Double(first.filter { $0 == 2 }.count) / 10000 - 0.75) < 0.02)
        #expect(classes[10000...].allSatisfy { $0 == 1 })
    }

    @Test(arguments: [
        ("RandomUniform", ["shape": Attribute.ints([-1])], [Tensor]()),
        ("RandomUniform", ["shape": .ints([.max, 2])], []),
        ("RandomUniform", ["shape": .ints([1]), "dtype": .int(7)], []),
        ("RandomNormalLike", [:], [ints([1])]), ("Multinomial", ["sample_size": .int(-1)], [floats([1], [1, 1])]),
        ("Multinomial", [:], [floats([], [1, 0])]), ("Multinomial", [:], [floats([.nan, 1], [1, 2])]),
        ("Bernoulli", [:], [ints([1])]),
    ]) func wrongRequestsAreErrors(_ name: String, _ attributes: [String: Attribute], _ operands: [Tensor]) {
        #expect(throws: QTuneError.self) { try evaluateNode(name, attributes, operands) }
    }
}
