"""How fast an answer was, in words."""

from __future__ import annotations

from page.texts import number, text

__all__ = ["speed_text"]


def speed_text(
    *, tokens_per_second: float | None, first_token: float | None, completion_tokens: int
) -> str:
    """Return one line with what the engine reported: None is left out.

    Args:
        tokens_per_second: The rate after the first token.
        first_token: Seconds until the first token.
        completion_tokens: How many tokens were written.
    """
    parts = []
    if tokens_per_second is not None:
        parts.append(text("speed.tokens", rate=number(tokens_per_second, ".1f")))
    if first_token is not None:
        parts.append(text("speed.first", seconds=number(first_token, ".2f")))
    parts.append(text("speed.count", count=completion_tokens))
    return " · ".join(parts)
