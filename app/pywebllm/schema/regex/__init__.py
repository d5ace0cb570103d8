"""Regular expressions of JavaScript's syntax, read into grammars.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.regex.reading import read_regex
    >>> print(render({"root": read_regex("^[a-f]{2,4}$")}))
    root ::= [a-f]{2,4}
"""
