"""The length of strings with a pattern or format: `minLength` and `maxLength` beside it.

Where one part of a pattern has no fixed length, it takes what the others leave. Several such parts
share the room, so that not every string that fits is written, but every one that is written fits.

Examples:
    >>> from pywebllm.schema.ebnf.nodes import render
    >>> from pywebllm.schema.regex.reading import read_regex
    >>> print(render({"name": fit_length(read_regex("^[a-z]+$"), 2, 8)}))
    name ::= [a-z]{2,8}
    >>> print(render({"time": fit_length(read_regex("^[a-z]?[0-9]+:[0-9]+$"), 12, 14)}))
    time ::= [a-z] [0-9]{6} [:] [0-9]{4,6}
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pywebllm.schema.ebnf.nodes import (
    EMPTY,
    NOTHING,
    Chars,
    Choice,
    Node,
    Repeat,
    Sequence,
    choice,
    repeat,
    sequence,
)
from pywebllm.schema.regex.reading import RegexError

__all__ = ["fit_length", "fits_length", "is_exact"]

_Length = tuple[int, int | None]


def fits_length(node: Node, least: int, most: int | None) -> bool:
    """Return whether every content has `least` to `most` characters; None: unbounded."""
    low, high = _length(node)
    return least <= low and (most is None or (high is not None and high <= most))


def is_exact(node: Node) -> bool:
    """Return whether `fit_length` keeps all contents of the length: one part at most is loose."""
    match node:
        case Sequence(parts):
            loose = [part for part in parts if len(set(_length(part))) > 1]
            return len(loose) <= 1 and all(map(is_exact, loose))
        case Choice(options):
            return all(map(is_exact, options))
        case Repeat(part, _, most):
            return is_exact(part) if most == 1 else len(set(_length(part))) == 1
        case _:
            return True


def fit_length(node: Node, least: int, most: int | None) -> Node:
    """Narrow the content of a string to `least` to `most` characters; None: unbounded.

    Returns:
        `NOTHING` when no string fits.

    Raises:
        RegexError: Its parts cannot be given lengths that add up to these.
    """
    if fits_length(node, least, most):
        return node
    low, high = _length(node)
    if (most is not None and low > most) or (high is not None and high < least):
        return NOTHING
    match node:
        case Choice(options):
            return choice(*(fit_length(option, least, most) for option in options))
        case Repeat():
            return _fit_repeat(node, least, most)
        case Sequence(parts):
            return _fit_sequence(parts, least, most)
        case _:
            return NOTHING


def _length(node: Node) -> _Length:
    """Count the fewest and the most characters of a content; None: unbounded."""
    match node:
        case Chars():
            return 1, 1
        case Sequence(parts):
            both = [_length(part) for part in parts]
            return sum(low for low, _ in both), _known(sum, [high for _, high in both])
        case Choice(options):
            both = [_length(option) for option in options]
            return min(low for low, _ in both), _known(max, [high for _, high in both])
        case Repeat(part, least, most):
            low, high = _length(part)
            return low * least, None if high is None or most is None else high * most
        case _:
            return 0, 0


def _known(total: Callable[[list[int]], int], numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return total(known) if len(known) == len(numbers) else None


def _fit_repeat(node: Repeat, least: int, most: int | None) -> Node:
    width, widest = _length(node.part)
    if node.most == 1:
        some = fit_length(node.part, least, most)
        return choice(some, *((EMPTY,) if node.least == 0 == least else ()))
    if width == 0:
        raise RegexError("a repeated part may be empty")
    lower = max(node.least, -(-least // width))
    if node.most is not None and lower > node.most:
        return _fit_longer(node.part, node.most, least, most)
    if most is None:
        return repeat(node.part, lower, node.most)
    if width == widest:
        times = most // width
        return repeat(node.part, lower, times if node.most is None else min(node.most, times))
    # About as many times as each repeat may be wide.
    times = max(lower, math.isqrt(most // width), 1)
    times = times if node.most is None else min(node.most, times)
    part = fit_length(node.part, width, most // times)
    if lower > times or part == NOTHING:
        raise RegexError("a repeated part has no fixed length")
    return repeat(part, lower, times)


def _fit_longer(part: Node, times: int, least: int, most: int | None) -> Node:
    """Repeat a part as often as it may be, each time longer than it must be."""
    each = fit_length(part, -(-least // times), None if most is None else most // times)
    if each == NOTHING:
        raise RegexError("a repeated part has no fixed length")
    return repeat(each, times, times)


def _fit_sequence(parts: tuple[Node, ...], least: int, most: int | None) -> Node:
    """Share a length among the parts of a sequence that have no fixed length.

    With 12 to 14 characters, `[a-z]?[0-9]+:[0-9]+` has at least 3. So 9 more are `lacking`, and
    there is `room` for 11. The letter can take 1. Of the room for 10 that is left, the first run of
    digits may take half, and must, as 8 are lacking: it has 6 digits. The second may take 5, and
    must take the 3 that are still lacking: it has 4 to 6.

    A part takes no more than its share of `room`, so the sum never exceeds `most`; and `lacking`
    must be 0 in the end, so the sum is never below `least`.
    """
    lengths = [_length(part) for part in parts]
    fewest = sum(low for low, _ in lengths)
    lacking, room = max(least - fewest, 0), None if most is None else most - fewest
    fitted = [*parts]
    loose = [at for at, (low, high) in enumerate(lengths) if low != high]
    # Those that can grow least come first, and leave the rest to the others.
    loose.sort(key=lambda at: _slack(lengths[at], math.inf))
    for left, at in zip(range(len(loose), 0, -1), loose, strict=True):
        share = math.inf if room is None else room // left
        slack = _slack(lengths[at], share)
        more = min(lacking, slack)
        low = lengths[at][0]
        fitted[at] = fit_length(parts[at], low + int(more), _finite(low + slack))
        lacking -= int(more)
        room = None if room is None else room - int(slack)
    if lacking:
        raise RegexError("its parts together are too short")
    if NOTHING in fitted and len(loose) > 1:
        raise RegexError("its parts do not share the length as they come")
    return sequence(*fitted)


def _slack(length: _Length, share: float) -> float:
    low, high = length
    return share if high is None else min(share, high - low)


def _finite(number: float) -> int | None:
    return None if number == math.inf else int(number)
