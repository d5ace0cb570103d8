"""The images beside the message that the visitor writes: chosen, pasted, shown, removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import js
from pyodide.ffi import JsException

from page.elements import Listeners, find_element
from page.tasks import Tasks
from page.texts import text

__all__ = ["Attachments"]


class Attachments:
    """The images that the next message will have.

    Args:
        images: `static/libraries/images.js`.
        report: Shows a line about what went wrong.
    """

    def __init__(self, images: Any, report: Callable[[str], object]) -> None:
        self._images = images
        self._report = report
        self._label = find_element("chat-attach")
        self._input = find_element("chat-image")
        self._shown = find_element("chat-images")
        self._urls: list[str] = []
        self._reads: set[asyncio.Future[bool]] = set()
        self._listeners = Listeners()
        self._tasks = Tasks()

    def connect(self, message: Any) -> None:
        """Take files from now on, and images that are pasted into an element."""
        self._listeners.add(self._input, "change", lambda _event: self._choose())
        self._listeners.add(message, "paste", self._paste)

    def offer(self, *, is_offered: bool) -> None:
        """Let the visitor add images, or not."""
        self._label.hidden = self._input.hidden = not is_offered
        if not is_offered and self._urls:
            self.clear()

    @property
    def is_reading(self) -> bool:
        """True while an image that was added is not among `urls` yet."""
        return bool(self._reads)

    async def read(self) -> bool:
        """Wait until all images that were added are read; return whether each is one.

        Cancelled, the reading goes on.
        """
        found = await asyncio.gather(*map(asyncio.shield, self._reads))
        return all(found)

    def urls(self) -> Sequence[str]:
        """Return the images as `data:` URLs."""
        return tuple(self._urls)

    def clear(self) -> None:
        """Remove all images."""
        self._urls.clear()
        self._show()

    def _choose(self) -> None:
        files = list(self._input.files)
        self._input.value = ""
        self._add(files)

    def _paste(self, event: Any) -> None:
        files = [file for file in event.clipboardData.files if file.type.startswith("image/")]
        if files and not self._input.hidden:
            event.preventDefault()
            self._add(files)

    def _add(self, files: Sequence[Any]) -> None:
        reading = asyncio.ensure_future(self._read(files))
        self._reads.add(reading)
        reading.add_done_callback(self._reads.discard)

    async def _read(self, files: Sequence[Any]) -> bool:
        try:
            for file in files:
                self._urls.append(await self._images.readImage(file))
        except JsException:
            # It is not an image, or a damaged one.
            self._report(text("chat.image.unreadable"))
            return False
        finally:
            self._show()
        return True

    def _show(self) -> None:
        self._shown.replaceChildren()
        self._shown.hidden = not self._urls
        for place, url in enumerate(self._urls):
            button = js.document.createElement("button")
            button.type = "button"
            button.ariaLabel = text("chat.remove.image", number=place + 1)
            canvas = js.document.createElement("canvas")
            button.append(canvas)
            self._shown.append(button)
            self._tasks.begin(self._images.drawImage(canvas, url))
            self._listeners.add(button, "click", partial(self._remove, place))

    def _remove(self, place: int, _event: Any) -> None:
        del self._urls[place]
        self._show()
