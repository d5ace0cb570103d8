"""Parameters that chats and completions read alike: number of choices, their end, streaming.

All functions take the values of the parameters after each was checked by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from .checks import LARGEST_INTEGER, boolean, check_keys, refuse, refuse_value

__all__ = ["check_end", "includes_usage", "one_for_each"]


def one_for_each(
    request: Mapping[str, object], values: Mapping[str, object]
) -> tuple[Mapping[str, object], ...]:
    """Return the engine's request for each of the `n` choices, with consecutive seeds.

    Raises:
        InvalidRequestError: The last seed exceeds the range of integers.
    """
    count = cast("int", values.get("n", 1))
    seed = cast("int | None", values.get("seed"))
    if seed is None:
        return (request,) * count
    if seed + count - 1 > LARGEST_INTEGER:
        refuse(
            "seed",
            f"must be at most {LARGEST_INTEGER - count + 1} for n={count}, got {seed}:"
            " the choices use consecutive seeds",
        )
    return tuple({**request, "seed": seed + i} for i in range(count))


def check_end(values: Mapping[str, object]) -> None:
    """Check that `ignore_eos` is not combined with `stop`.

    Raises:
        InvalidRequestError: Both are given; WebLLM would silently ignore `stop`.
    """
    if values.get("ignore_eos") and "stop" in values:
        refuse(
            "ignore_eos",
            "cannot be combined with stop: WebLLM would ignore the stop strings as well",
            advice="Leave out one of them, and limit the answer with `max_tokens`.",
        )


def includes_usage(values: Mapping[str, object]) -> bool:
    """Return whether a last chunk is to carry the usage.

    Raises:
        InvalidRequestError: `stream_options` has another option, or `stream` is not True.
    """
    if "stream_options" not in values:
        return False
    if not values.get("stream", False):
        refuse("stream_options", "requires stream=True")
    options = cast("dict[str, object]", values["stream_options"])
    check_keys("stream_options", options, ("include_usage", "include_obfuscation"))
    obfuscation = options.get("include_obfuscation", False)
    if obfuscation is not False:
        path = "stream_options.include_obfuscation"
        refuse_value(path, "False", obfuscation, why="no data leaves the browser")
    return boolean("stream_options.include_usage", options.get("include_usage", False))
