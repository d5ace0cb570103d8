"""What chats and plain texts share in a request: how many answers, their end, their streaming.

Both take the values of the parameters after each was checked by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .checks import LARGEST_INTEGER, check_keys, flag, refuse

__all__ = ["check_end", "includes_usage", "one_for_each"]


def one_for_each(
    request: Mapping[str, object], values: Mapping[str, object]
) -> tuple[Mapping[str, object], ...]:
    """Return the engine's request for each of the `n` answers, each with the next seed.

    Raises:
        InvalidRequestError: The seeds leave the range of integers.
    """
    count = cast("int", values.get("n", 1))
    seed = cast("int | None", values.get("seed"))
    if seed is None:
        return (request,) * count
    if seed + count - 1 > LARGEST_INTEGER:
        refuse("seed", f"leaves no room for {count} answers: each has the next seed, got {seed}")
    return tuple({**request, "seed": seed + i} for i in range(count))


def check_end(values: Mapping[str, object]) -> None:
    """Check that what ends an answer is not ruled out by `ignore_eos`.

    Raises:
        InvalidRequestError: It is, and WebLLM would not say so.
    """
    if values.get("ignore_eos") and "stop" in values:
        refuse(
            "ignore_eos",
            "cannot be had with stop: WebLLM then stops at no text, either",
            advice="Leave one of them out; `max_tokens` ends an answer that ignores all else.",
        )


def includes_usage(values: Mapping[str, object]) -> bool:
    """Return whether a last chunk is to carry the usage.

    Raises:
        InvalidRequestError: `stream_options` asks for anything else, or nothing is streamed.
    """
    if "stream_options" not in values:
        return False
    if not values.get("stream", False):
        refuse("stream_options", "needs stream=True")
    options = cast("dict[str, object]", values["stream_options"])
    check_keys("stream_options", options, ("include_usage", "include_obfuscation"))
    if options.get("include_obfuscation", False) is not False:
        refuse("stream_options.include_obfuscation", "can only be False: nothing is sent anywhere")
    return flag("stream_options.include_usage", options.get("include_usage", False))
