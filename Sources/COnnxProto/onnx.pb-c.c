// The standard model schema.
