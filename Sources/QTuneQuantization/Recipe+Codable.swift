internal import QTuneTensor

extension Recipe: Codable {
    private enum Key: String, CodingKey, CaseIterable {
        case schema, format, activationType, symmetricActivations, weightType, granularity, weightScale, bias, results
        case concatScales, calibration, biasCorrection, precision, groups
    }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownKeys(Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        func value<Value: Decodable>(_ key: Key, _ usual: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? usual
        }
        schema = try container.decode(Int.self, forKey: .schema)
        format = try value(.format, format)
        activationType = try value(.activationType, activationType)
        symmetricActivations = try value(.symmetricActivations, symmetricActivations)
        weightType = try value(.weightType, weightType)
        granularity = try value(.granularity, granularity)
        weightScale = try value(.weightScale, weightScale)
        bias = try value(.bias, bias)
        results = try value(.results, results)
        concatScales = try value(.concatScales, concatScales)
        calibration = try value(.calibration, calibration)
        biasCorrection = try value(.biasCorrection, biasCorrection)
        precision = try value(.precision, precision)
        groups = try value(.groups, groups)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(schema, forKey: .schema)
        try container.encode(format, forKey: .format)
        try container.encode(activationType, forKey: .activationType)
        try container.encode(symmetricActivations, forKey: .symmetricActivations)
        try container.encode(weightType, forKey: .weightType)
        try container.encode(granularity, forKey: .granularity)
        try container.encode(weightScale, forKey: .weightScale)
        try container.encode(bias, forKey: .bias)
        try container.encode(results, forKey: .results)
        try container.encode(concatScales, forKey: .concatScales)
        try container.encode(calibration, forKey: .calibration)
        try container.encode(biasCorrection, forKey: .biasCorrection)
        try container.encode(precision, forKey: .precision)
        try container.encode(groups, forKey: .groups)
    }
}

extension Recipe.GroupChoice: Codable {
    private enum Key: String, CodingKey, CaseIterable { case precision, granularity, weightScale, biasCorrection }

    public init(from decoder: any Decoder) throws {
        try decoder.rejectUnknownKeys(Key.allCases.map(\.rawValue))
        let container = try decoder.container(keyedBy: Key.self)
        precision = try container.decodeIfPresent(Recipe.Precision.self, forKey: .precision)
        granularity = try container.decodeIfPresent(Recipe.Granularity.self, forKey: .granularity)
        weightScale = try container.decodeIfPresent(Recipe.WeightScale.self, forKey: .weightScale)
        biasCorrection = try container.decodeIfPresent(Bool.self, forKey: .biasCorrection)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(precision, forKey: .precision)
        try container.encodeIfPresent(granularity, forKey: .granularity)
        try container.encodeIfPresent(weightScale, forKey: .weightScale)
        try container.encodeIfPresent(biasCorrection, forKey: .biasCorrection)
    }
}
