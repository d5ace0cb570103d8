"""Expecting the error of a refused request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pywebllm.errors import InvalidRequestError

__all__ = ["refused"]


@contextmanager
def refused(param: str, *words: str) -> Iterator[None]:
    """Expect an error for this parameter whose message contains these strings."""
    with pytest.raises(InvalidRequestError) as caught:
        yield
    assert caught.value.param == param
    for word in (param.split(".", maxsplit=1)[0], *words):
        assert word in str(caught.value)
