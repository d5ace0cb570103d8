"""Grammars as trees: their nodes, and what makes them smaller before they are written.

Examples:
    >>> from pywebllm.schema.ebnf.factoring import factored
    >>> from pywebllm.schema.ebnf.nodes import Text, choice, render
    >>> print(render({"root": factored(choice(Text("ab"), Text("abb")))}))
    root ::= "ab" "b"?
"""
