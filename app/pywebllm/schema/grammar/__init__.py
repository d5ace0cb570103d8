"""Grammars, written from a typed schema.

Examples:
    >>> from pywebllm.schema.grammar.writing import write_grammar
    >>> from pywebllm.schema.typed.values import Array, Document, Enum, Ref
    >>> ones = Array(items=Enum(("1",)), min_items=1)
    >>> print(write_grammar(Document(Ref("ones"), {"ones": ones})))
    root ::= array
    array ::= "[1" ", 1"* "]"
"""
