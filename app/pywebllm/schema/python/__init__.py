"""Python's side of a schema: type hints to JSON Schema, and JSON back to values of the types."""
