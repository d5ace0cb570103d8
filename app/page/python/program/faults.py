"""What went wrong in a program: its error with the part of the traceback that is the program's."""

from __future__ import annotations

import traceback
from types import TracebackType
from typing import TypedDict

__all__ = ["FILE", "Fault", "fault_of"]

# The name of every program's file in tracebacks.
FILE = "program.py"


class Fault(TypedDict):
    """An error of a program.

    Attributes:
        title: The class of the error and its message.
        trace: The traceback, from the program's first line on.
        line: The line of the program, counted from 1; None if it is outside.
    """

    title: str
    trace: str
    line: int | None


def fault_of(error: BaseException) -> Fault:
    """Return what to show of an error."""
    begin = _begin_of(error.__traceback__)
    found = traceback.TracebackException(type(error), error, begin)
    title = "".join(found.format_exception_only()).strip()
    if isinstance(error, SyntaxError) and error.filename == FILE:
        return Fault(title=title, trace=title, line=error.lineno)
    return Fault(title=title, trace="".join(found.format()).strip(), line=_line_of(begin))


def _begin_of(trace: TracebackType | None) -> TracebackType | None:
    # Without the frames of what runs the program.
    found = trace
    while found is not None and found.tb_frame.f_code.co_filename != FILE:
        found = found.tb_next
    return found or trace


def _line_of(trace: TracebackType | None) -> int | None:
    line = None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
