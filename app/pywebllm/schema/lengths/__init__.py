"""Lengths of strings that are counted outside of the grammar, by the bridge.

A grammar counts characters by its states, and the engine looks at all tokens of its vocabulary for
each of them. So `maxLength`, and the lengths of the parts of a host name, are taken out of the
grammar where the bridge knows which string of the schema it is in; the bridge then leaves out of
each mask the tokens after which the string would be too long.

Examples:
    >>> from pywebllm.schema.document.reading import read_document
    >>> from pywebllm.schema.lengths.lifting import lifted
    >>> without, table = lifted(read_document({"type": "string", "maxLength": 500}))
    >>> without.root.max_length, table["strings"]
    (None, [{'most': 500}])
"""
