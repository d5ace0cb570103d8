"""A record of what a page did: its requests and the errors on its console."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

__all__ = ["PageWatch"]


class PageWatch:
    """Records what the pages and workers of one browser context do."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[str] = []
        self.errors: list[str] = []
        context.on("request", self._on_request)
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def origins(self) -> set[str]:
        """Return the origins of all network requests; blob: and data: URLs stay in the page."""
        urls = (urlsplit(url) for url in self.requests)
        return {
            f"{url.scheme}://{url.netloc}" for url in urls if url.scheme not in ("blob", "data")
        }

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)
