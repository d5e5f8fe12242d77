/// Work on values that lie in the same memory each time: what depends on their types, shapes and addresses alone was done
/// once. Its runs follow one another.
package protocol BoundCall: AnyObject, Sendable {
    func run() throws
}
