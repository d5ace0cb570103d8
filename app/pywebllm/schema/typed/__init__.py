"""The typed schema: what a JSON Schema document means, as values that a grammar is written from.

`document/` makes these values and `grammar/` writes them; neither knows the other.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> read_document({"type": "string", "minLength": 1}).root
    String(min_length=1, max_length=None, patterns=(), formats=(), excluded_patterns=(),
    excluded=())
"""
