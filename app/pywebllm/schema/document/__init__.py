"""JSON Schema documents, read into a typed schema.

Keywords are checked, references resolved, `allOf` merged and unions taken apart, until each schema
has a type, whose keywords the module named after it reads.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> document = {"$defs": {"Id": {"minLength": 1}}, "$ref": "#/$defs/Id", "type": "string"}
    >>> read_document(document).root
    String(min_length=1, max_length=None, patterns=(), formats=(), excluded_patterns=(),
    excluded=())
"""
