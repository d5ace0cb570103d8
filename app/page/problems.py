"""What visitors read about errors of the library: what happened and what to do, in their language.

The library's own sentences, which are in English and for programmers, are the details.
"""

from __future__ import annotations

from dataclasses import dataclass

from pywebllm import Support, WebLLMError

from page.texts import has_text, text

__all__ = ["Problem", "problem_of", "reason_of", "support_problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as a visitor reads it.

    Attributes:
        what: What happened, one sentence.
        advice: What to do about it.
        detail: The library's own words.
    """

    what: str
    advice: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what} {self.advice}"


def problem_of(error: WebLLMError) -> Problem:
    """Return what to say about an error, by its class."""
    # The nearest class that has a text: one that is new has a base that has one.
    names = (found.__name__ for found in type(error).__mro__)
    name = next((name for name in names if has_text(f"problem.{name}")), "unknown")
    what, advice = text(f"problem.{name}"), text(f"problem.{name}.advice")
    return Problem(what=what, advice=advice, detail=str(error))


def support_problem(support: Support) -> Problem:
    """Return what to say where the browser cannot run the model, by what is missing."""
    name = _known(support.code)
    what, advice = text(f"support.{name}"), text(f"support.{name}.advice")
    return Problem(what=what, advice=advice, detail=f"{support.problem} {support.advice}")


def reason_of(support: Support) -> str:
    """Return why the second engine runs the model, one sentence; empty if it was asked for."""
    return text(f"support.{_known(support.reason_code)}") if support.reason else ""


def _known(code: str) -> str:
    return code if has_text(f"support.{code}") else "unknown"
