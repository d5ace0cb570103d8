"""The behavior of the persona view: write, write again, rewrite, edit, give away."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from pywebllm import BUILTIN_MODEL, EngineError, InvalidRequestError, TextStream, WebLLMError

from page.setup.controller import SetupController
from page.texts import text

from . import view
from .cards import Card, file_name, json_of, markdown_of
from .page import PersonaPage
from .shelf import Shelf
from .view import Screen

__all__ = ["PersonaController"]

_logger = logging.getLogger("page")

# Writes with these fields and this seed.
_Work: TypeAlias = Callable[[dict[str, str], int], Awaitable[None]]

# A seed is shown, so a short one.
_SEEDS = 10**6


class PersonaController:
    """Writes one persona at a time, and keeps each on the shelf.

    The public methods are the visitor's actions; each does nothing in a state that does not
    allow it, so a late click or key press is harmless.
    """

    def __init__(self, *, page: PersonaPage, setup: SetupController, shelf: Shelf) -> None:
        self._page = page
        self._setup = setup
        self._shelf = shelf
        self._screen = view.waiting()
        self._card: Card | None = None
        self._work: asyncio.Task[None] | None = None
        self._written = ""
        self._asked: tuple[dict[str, str], int] = ({}, 0)  # the fields and the seed
        self._last_id = 0
        setup.changed.subscribe(lambda _screen: self._on_model())
        self._on_model()

    def generate(self) -> None:
        """Write a persona from the values of the form."""
        self._begin(self._write, self._page.fields())

    def make_card(self) -> None:
        """Write a persona from the values of the form, as typed values."""
        self._begin(self._write_typed, self._page.fields())

    def again(self) -> None:
        """Write another persona from what the shown one was written from."""
        if self._card is not None:
            work = self._write_typed if self._card.values else self._write
            self._begin(work, dict(self._card.fields))

    def rewrite(self, change: str) -> None:
        """Write another version of the shown persona, as the visitor asks for it."""
        wanted = view.change_of(change)
        if self._card is not None and wanted and self._screen.can_generate:
            self.save_edit()
            before = self._card

            async def work(fields: dict[str, str], seed: int) -> None:
                await self._rewrite(fields, seed, before, wanted)

            self._begin(work, dict(before.fields))

    def stop(self) -> None:
        """Stop writing, and keep the text so far; while text is edited, discard the changes."""
        if self._screen.is_writing and self._work is not None:
            self._work.cancel()
            # Now, not when the task ends: the visitor may start the next persona before that.
            self._keep_part()
            self._show(view.stopped(is_ready=self._setup.is_ready, has_card=self._has_card))
        elif self._page.edited_text() is not None:
            self._page.end_edit()

    def open(self, card_id: str) -> None:
        """Show a persona that was kept, and what it was written from."""
        card = self._shelf.find(card_id)
        if card is not None and not self._screen.is_writing:
            self.save_edit()
            self._page.set_fields(card.fields)
            self._show_card(card)
            self._show(self._screen.with_card(has_card=True))

    def remove(self, card_id: str) -> None:
        """Delete a persona that was kept."""
        if not (self._screen.is_writing and self._is_shown(card_id)):
            self._shelf.remove(card_id)
            self._close(self._is_shown(card_id))

    def remove_all(self) -> None:
        """Delete all personas that were kept."""
        if not self._screen.is_writing:
            self._shelf.remove_all()
            self._close(self._card is not None)

    def edit(self) -> None:
        """Let the visitor change the text by hand."""
        if self._card is not None and self._screen.can_use:
            self._page.edit(self._card.text)

    def save_edit(self) -> None:
        """Keep the text that the visitor wrote by hand."""
        words = self._page.edited_text()
        if words is None or self._card is None:
            return
        self._page.end_edit()
        if words.strip() and words.strip() != self._card.text:
            values = {**self._card.values, "summary": words.strip()} if self._card.values else {}
            card = replace(self._card, text=words.strip(), values=values, is_edited=True)
            self._shelf.keep(card)
            self._show_card(card)
            self._show(self._screen.with_card(has_card=True, status=text("persona.edited")))

    def copy(self) -> None:
        """Put the shown persona on the clipboard, as Markdown."""
        if self._card is not None and self._screen.can_use:
            self._work = asyncio.ensure_future(self._copy(markdown_of(self._card)))

    def download(self, kind: str) -> None:
        """Offer the shown persona as a file, JSON or Markdown."""
        if self._card is None or not self._screen.can_use:
            return
        if kind == "json":
            self._page.save(file_name(self._card, "json"), "application/json", json_of(self._card))
        else:
            self._page.save(file_name(self._card, "md"), "text/markdown", markdown_of(self._card))

    def print(self) -> None:
        """Print the shown persona as a card."""
        if self._card is not None and self._screen.can_use:
            self._page.print([self._card])

    def print_kept(self) -> None:
        """Print those that are compared, or all, several on a page."""
        self._page.print(self._shelf.compared or self._shelf.cards)

    def _begin(self, work: _Work, fields: dict[str, str]) -> None:
        if self._screen.can_generate:
            self.save_edit()
            self._show(view.writing())
            self._written = ""
            self._asked = (fields, random.randrange(_SEEDS))
            self._work = asyncio.ensure_future(self._guard(work))

    async def _guard(self, work: _Work) -> None:
        try:
            await work(*self._asked)
        except InvalidRequestError as error:
            self._keep_part()
            self._show(view.refused(error, has_card=self._has_card))
        except WebLLMError as error:
            self._fail(error)
        except Exception as error:
            # The view's top handler: the visitor sees every error.
            _logger.exception("Unexpected error in the persona view")
            self._fail(EngineError(f"{type(error).__name__}: {error}"))

    def _fail(self, error: WebLLMError) -> None:
        self._keep_part()
        is_ready = self._setup.is_ready
        self._show(view.interrupted(error, is_ready=is_ready, has_card=self._has_card))

    async def _write(self, fields: dict[str, str], seed: int) -> None:
        stream = self._setup.service.stream_persona(fields, seed=seed)
        await self._read(stream)
        self._keep(self._written)
        self._show(view.finished(stream.usage))

    async def _write_typed(self, fields: dict[str, str], seed: int) -> None:
        self._page.clear_text()
        found = await self._setup.service.generate_persona_typed(fields, seed=seed)
        self._keep(found.summary, values=asdict(found))
        self._show(view.finished(self._setup.service.last_usage))

    async def _rewrite(self, fields: dict[str, str], seed: int, before: Card, change: str) -> None:
        stream = self._setup.service.stream_rewrite(fields, before.text, change, seed=seed)
        await self._read(stream)
        self._keep(self._written, change=change)
        self._show(view.finished(stream.usage))

    async def _read(self, stream: TextStream) -> None:
        self._page.clear_text()
        async with stream:
            async for piece in stream:
                self._written += piece
                self._page.write(piece)

    @property
    def _has_card(self) -> bool:
        return self._card is not None

    def _keep_part(self) -> None:
        """Keep what was written before it ended early; else show again what was there before."""
        if self._written.strip():
            self._keep(self._written)
        else:
            self._show_card(self._card)

    def _keep(self, words: str, **more: Any) -> None:
        now = time.time()
        fields, seed = self._asked
        # Greater than that of the one before, also within a millisecond.
        self._last_id = max(int(now * 1000), self._last_id + 1)
        card = Card(
            id=f"{self._last_id:015d}",
            made=now,
            fields=fields,
            text=words.strip(),
            seed=seed,
            model=self._setup.model or BUILTIN_MODEL,
            **more,
        )
        self._shelf.keep(card)
        self._show_card(card)

    def _show_card(self, card: Card | None) -> None:
        self._card = card
        self._page.show_card(card, view.about(card) if card is not None else "")
        self._shelf.mark(card.id if card is not None else "")

    def _is_shown(self, card_id: str) -> bool:
        return self._card is not None and self._card.id == card_id

    def _close(self, is_shown: bool) -> None:  # noqa: FBT001 - a condition
        if is_shown:
            self._page.end_edit()
            self._show_card(None)
            self._show(self._screen.with_card(has_card=False))

    async def _copy(self, words: str) -> None:
        is_copied = await self._page.copy(words)
        status = text("persona.copied" if is_copied else "persona.not.copied")
        self._show(replace(self._screen, status=status))

    def _on_model(self) -> None:
        if self._screen.is_ready != self._setup.is_ready:
            self._show(self._screen.with_model(is_ready=self._setup.is_ready))

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        self._page.show(screen)
