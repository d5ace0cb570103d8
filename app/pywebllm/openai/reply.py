"""The replies of the server in the page, which the transport converts to HTTP responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pywebllm.ids import new_id

from .sse import EventBody

__all__ = ["Reply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply: status, headers with lower-case names, and a body, either whole or streamed."""

    status: int
    headers: Mapping[str, str]
    body: bytes | EventBody

    @classmethod
    def of_json(
        cls, value: object, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Self:
        """Return a reply with `value` as JSON."""
        body = json.dumps(value, separators=(",", ":")).encode()
        own = {**_headers("application/json"), "content-length": str(len(body))}
        return cls(status=status, headers={**own, **(headers or {})}, body=body)

    @classmethod
    def of_events(cls, body: EventBody) -> Self:
        """Return a reply with a streamed body."""
        own = {**_headers("text/event-stream; charset=utf-8"), "cache-control": "no-store"}
        return cls(status=200, headers=own, body=body)


def _headers(content_type: str) -> dict[str, str]:
    # The SDK exposes the ID on its responses and errors, as `_request_id` and `request_id`.
    return {"content-type": content_type, "x-request-id": new_id("req_")}
