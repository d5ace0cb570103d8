"""JSON Schema documents: keywords checked, references resolved, `allOf` and unions taken apart."""
