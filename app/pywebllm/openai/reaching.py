"""Servers as a page reaches them: how long it waits, and what it says when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pywebllm.browser import Obstacle

__all__ = ["explain_obstacle", "known_gaps", "wait_for_the_answer"]

_OBSTACLES: Mapping[Obstacle, str] = MappingProxyType(
    {
        "mixed content": (
            "The browser blocks requests of a page with https to {url}, which has none. Serve it"
            " over https, or run it on the visitor's own machine, as 127.0.0.1."
        ),
        "cors": (
            "There is a server at {url}, but it does not allow requests from this page (CORS)."
            " Allow the origin {origin}: for Ollama in the environment variable OLLAMA_ORIGINS,"
            " for vLLM with --allowed-origins; a proxy needs the header"
            " Access-Control-Allow-Origin, and must answer OPTIONS."
        ),
        "unreachable": (
            "There is no answer from {url}. Check that the server runs and that the address and"
            " port are right. Where it is on the visitor's own machine or network, the browser"
            " asks for their permission, which they may have refused."
        ),
        "unknown": "There is no answer from {url}. Check that the server runs and the address.",
    }
)

# By `owned_by` of the models that a server lists.
_GAPS: Mapping[str, str] = MappingProxyType(
    {
        "llamacpp": (
            "llama.cpp's server ignores without an error: tools, where the model's template knows"
            " none; uniqueItems, contains, not and dependentRequired in schemas; suffix, echo and"
            " best_of of text completions."
        )
    }
)


def explain_obstacle(obstacle: Obstacle, *, url: str, origin: str) -> str:
    """Return what kept a page from reaching a server, and what to do.

    Args:
        obstacle: What `obstacle_to` found.
        url: The base URL of the server.
        origin: The origin of the page.
    """
    return _OBSTACLES[obstacle].format(url=url, origin=origin)


def known_gaps(owner: str) -> str:
    """Return what a server is known to ignore, by the owner of its models; empty if nothing is."""
    return _GAPS.get(owner, "")


def wait_for_the_answer(timeout: dict[str, Any]) -> None:
    """Let a request connect as long as it may read.

    In a page httpx2-jsfetch 1.0 and httpx count the wait for the head of a response as connecting,
    for which the SDK allows 5 s: `findings/httpx2-jsfetch-connect-timeout.sh`.

    Args:
        timeout: The timeouts of a request, in seconds; None: no limit.
    """
    if "connect" in timeout:
        timeout["connect"] = timeout.get("read")
