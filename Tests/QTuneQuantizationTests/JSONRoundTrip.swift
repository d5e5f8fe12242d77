import Foundation

/// Writes a value and reads it again.
enum JSONRoundTrip {
    static func check<Value: Codable>(_ value: Value) throws -> Value {
        try JSONDecoder().decode(Value.self, from: JSONEncoder().encode(value))
    }
}
