internal import QTune

extension Recipe {
    /// The recipe in the file at `path`; the usual options where there is none.
    init(path: String?) throws {
        guard let path else {
            self.init()
            return
        }
        self = try locating("recipe '\(path)'") { try Recipe(json: FileBytes.read(path)) }
    }
}
