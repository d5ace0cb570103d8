"""Requests for an engine that cannot count the lengths of strings beside a grammar: llama.cpp.

Examples:
    >>> format_ = {"type": "grammar", "grammar": "…", "lengths": {"root": 1}}
    >>> extra = {"response_schema": json.dumps({"type": "string", "maxLength": 2})}
    >>> body = {"response_format": format_, "extra_body": extra}
    >>> found = json.loads(with_whole_grammar(json.dumps({"request": body})))
    >>> found["request"]["response_format"].keys()
    dict_keys(['type', 'grammar'])
"""

from __future__ import annotations

import json

from pywebllm import schema

__all__ = ["with_whole_grammar"]


def with_whole_grammar(request: str) -> str:
    """Write the grammar of a request with the lengths that stand beside it, if there are any.

    Raises:
        InvalidRequestError: The grammar would be too large.
    """
    if '"lengths"' not in request:
        return request
    found = json.loads(request)
    body = found["request"]
    if "lengths" not in body.get("response_format", {}):
        return request
    document = json.loads(body["extra_body"]["response_schema"])
    body["response_format"] = {"type": "grammar", "grammar": schema.grammar_of(document)}
    return json.dumps(found)
