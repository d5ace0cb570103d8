"""`help()` and notebooks show every parameter by name."""

from __future__ import annotations

import inspect
from typing import Required, TypedDict, Unpack

from pywebllm.resources.signature import spelled_out


class _Parameters(TypedDict, total=False):
    question: Required[str]
    patience: float | None


class _Oracle:
    @spelled_out(_Parameters)
    def ask(self, *, loud: bool = False, **parameters: Unpack[_Parameters]) -> str:
        """Ask."""
        return f"{parameters['question']}{'!' if loud else ''}"


def test_signature_lists_the_parameters_in_unpack() -> None:
    shown = inspect.signature(_Oracle().ask)
    assert list(shown.parameters) == ["question", "loud", "patience"]
    assert all(it.kind is it.KEYWORD_ONLY for it in shown.parameters.values())
    assert shown.parameters["question"].default is inspect.Parameter.empty
    assert shown.parameters["patience"].default is None
    assert shown.return_annotation == "str"


def test_spelled_out_function_behaves_as_before() -> None:
    assert _Oracle().ask(question="Why", loud=True) == "Why!"
    assert _Oracle.ask.__doc__ == "Ask."
