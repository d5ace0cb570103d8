"""From an answer to an instance of the requested type."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from pywebllm import schema
from pywebllm.errors import ParseError, TruncatedError, WebLLMError
from pywebllm.types import (
    ChatCompletion,
    ChatCompletionMessage,
    Choice,
    ParsedChatCompletion,
    ParsedChatCompletionMessage,
    ParsedChoice,
)

__all__ = ["parsed_completion", "response_format_of"]

T = TypeVar("T")


def response_format_of(type_: Any) -> dict[str, object]:
    """Return the `response_format` that constrains the model to values of this type.

    Raises:
        InvalidRequestError: The type has no schema.
    """
    # The name of a class may contain characters that the reference does not allow here.
    description = {"name": "answer", "schema": schema.schema_of(type_), "strict": True}
    return {"type": "json_schema", "json_schema": description}


def parsed_completion(type_: type[T], completion: ChatCompletion) -> ParsedChatCompletion[T]:
    """Return the answer with its parsed value.

    Raises:
        TruncatedError: The answer was truncated.
        ParseError: It does not conform to the type, or the type's own code raised an exception.
    """
    text = completion.text
    if completion.finish_reason == "length":
        raise TruncatedError("the answer was truncated", text=text)
    (choice,) = completion.choices
    known = _values(choice.message)
    message = ParsedChatCompletionMessage(**known, parsed=_built(type_, text))
    parsed = ParsedChoice(**_values(choice) | {"message": message})
    return ParsedChatCompletion(**_values(completion) | {"choices": (parsed,)})


def _values(value: ChatCompletion | Choice | ChatCompletionMessage) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _built(type_: type[T], text: str) -> T:
    try:
        found: T = schema.build(type_, text)
    except WebLLMError:
        raise
    except Exception as error:
        # Code of the caller: a constructor or a validator of the type.
        problem = f"the type rejected the answer: {type(error).__name__}: {error}"
        raise ParseError(problem, text=text) from error
    return found
