"""Python types and functions: described as JSON Schema, and made from JSON text.

Examples:
    >>> from pywebllm.schema.python.describing import schema_of
    >>> from pywebllm.schema.python.reading import build
    >>> schema_of(tuple[int, ...])
    {'type': 'array', 'items': {'type': 'integer'}}
    >>> build(tuple[int, ...], "[1, 2]")
    (1, 2)
"""
