"""The behavior of the chat view: open, send, stop, edit, write again, choose a version."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Protocol

from pywebllm import BUILTIN_MODEL, AsyncWebLLM, Event, WebLLMError

from page.setup.controller import SetupController
from page.storage import StorageProblem, Store
from page.texts import text

from . import view
from .answering import Kind
from .conversation import Conversation
from .messages import Message
from .records import from_record
from .runs import Piece, Runs
from .saving import Saver
from .settings import Settings
from .view import MessageView, Screen

__all__ = ["ChatController", "ChatPage"]

_logger = logging.getLogger("page")


class ChatPage(Protocol):
    """The elements of the view, as the controller sees them."""

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        ...

    def show_messages(self, messages: Sequence[MessageView]) -> None:
        """Replace the messages; those that are as before stay untouched."""
        ...

    def append(self, message_id: str, kind: Kind, piece: str) -> None:
        """Append to a message that is shown."""
        ...

    def to_end(self) -> None:
        """Scroll to the end, and follow it."""
        ...

    def edit(self, message_id: str, words: str) -> None:
        """Let the visitor edit a message."""
        ...

    def copy(self, words: str) -> None:
        """Put a text on the clipboard."""
        ...

    def name(self, conversation_id: str) -> None:
        """Make the address that of a conversation, without a visit."""
        ...


class ChatController:
    """Shows one conversation at a time; answers in others go on.

    The methods without a result are the visitor's actions; each does nothing in a state that does
    not allow it, so that a late click is harmless.

    Attributes:
        opened: Emits a conversation when another one is shown.
        kept: Emits a conversation that was changed and is in the list from now on.
    """

    def __init__(
        self,
        *,
        page: ChatPage,
        setup: SetupController,
        llm: AsyncWebLLM,
        store: Store,
        saver: Saver,
        runs: Runs,
        label: Callable[[str], str],
        new_id: Callable[[], str],
        now: Callable[[], int],
    ) -> None:
        self.opened: Event[Conversation] = Event()
        self.kept: Event[Conversation] = Event()
        self._page = page
        self._setup = setup
        self._llm = llm
        self._store = store
        self._saver = saver
        self._runs = runs
        self._label = label
        self._new_id = new_id
        self._now = now
        self._conversation = Conversation(id=new_id())
        self._is_kept = False
        self._views: dict[str, tuple[object, MessageView]] = {}
        self._problem = ""
        self._status = ""
        self._window: int | None = None
        self._takes_images = False
        self._known_model: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        setup.changed.subscribe(lambda _screen: self._on_model())
        runs.changed.subscribe(self._on_change)
        runs.piece.subscribe(self._on_piece)

    @property
    def conversation(self) -> Conversation:
        """The conversation that is shown."""
        return self._conversation

    @property
    def is_kept(self) -> bool:
        """True if the conversation is in the list."""
        return self._is_kept

    def visit(self, conversation_id: str) -> None:
        """Show the conversation of an address; an empty ID is a new one."""
        if not conversation_id:
            self._show_new()
        elif conversation_id != self._conversation.id:
            self._begin(self._open(conversation_id))

    def show(self, conversation: Conversation) -> None:
        """Show a conversation that is kept, and make the address its own."""
        self._set(conversation, is_kept=True)
        self._page.name(conversation.id)

    def send(self, words: str, images: Sequence[str] = ()) -> bool:
        """Send a message; return whether it was sent."""
        words = words.strip()
        if not self._can_write or not (words or images):
            return False
        message = Message(
            id=self._new_id(),
            parent=self._conversation.leaf,
            role="user",
            text=words,
            images=tuple(images),
            created=self._now(),
        )
        self._add(message)
        return True

    def stop(self) -> None:
        """Stop writing; what was written stays."""
        if self._runs.is_writing(self._conversation.id):
            self._status = text("chat.stopped")
            self._runs.stop(self._conversation.id)

    def regenerate(self, message_id: str) -> None:
        """Write another version of an answer."""
        message = self._conversation.messages.get(message_id)
        if message is not None and message.role == "assistant" and self._can_write:
            self._runs.answer(self._conversation, message.parent)

    def extend(self, message_id: str) -> None:
        """Continue an answer that ended too early."""
        message = self._conversation.messages.get(message_id)
        if message is not None and message.role == "assistant" and self._can_write:
            self._runs.extend(self._conversation, message)

    def resume(self, message_id: str) -> None:
        """Read on where an answer was left when its tab was closed."""
        message = self._conversation.messages.get(message_id)
        if message is not None and message.state == "writing" and self._can_write:
            self._runs.resume(self._conversation, message)

    def edit(self, message_id: str) -> None:
        """Let the visitor edit a message."""
        message = self._conversation.messages.get(message_id)
        if message is not None and not self._is_writing:
            self._page.edit(message_id, message.text)

    def save_edit(self, message_id: str, words: str) -> bool:
        """Add an edited message as another version; one of the visitor is answered.

        Return whether that could be done.
        """
        message = self._conversation.messages.get(message_id)
        if message is None or self._is_writing or not words.strip():
            return False
        is_question = message.role == "user"
        if is_question and not self._can_write:
            return False
        changed = replace(
            message,
            id=self._new_id(),
            text=words.strip(),
            state="done",
            problem="",
            speed=None,
            created=self._now(),
        )
        self._add(changed, is_answered=is_question)
        return True

    def choose(self, message_id: str, step: int) -> None:
        """Show the version before (-1) or after (1) the one that is shown."""
        if message_id not in self._conversation.messages or self._is_writing:
            return
        versions = self._conversation.siblings(message_id)
        place = versions.index(message_id) + step
        if 0 <= place < len(versions):
            self._conversation.show(versions[place])
            self._keep()
            self._show_all()

    def copy(self, message_id: str) -> None:
        """Copy the text of a message as it was written."""
        message = self._conversation.messages.get(message_id)
        if message is not None:
            self._page.copy(message.text)
            self._status = text("chat.copied")
            self._show()

    def decide(self, message_id: str, call_id: str, *, is_allowed: bool) -> None:
        """Allow or refuse a call of a tool."""
        if message_id in self._conversation.messages and (self._setup.is_ready or not is_allowed):
            self._runs.decide(self._conversation, message_id, call_id, is_allowed=is_allowed)

    def rename(self, title: str) -> None:
        """Give the conversation another title."""
        title = " ".join(title.split())
        if title and self._is_kept:
            self._conversation.title = title
            self._keep()
            self._show()

    def configure(self, settings: Settings) -> None:
        """Take other settings from the next answer on."""
        self._conversation.settings = settings
        if self._is_kept:
            self._keep()

    def report(self, problem: str) -> None:
        """Show what went wrong outside an answer; an empty string hides it."""
        if problem != self._problem:
            self._problem = problem
            self._show()

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))
        await self._runs.settled()

    @property
    def _is_writing(self) -> bool:
        return self._runs.is_writing(self._conversation.id)

    @property
    def _can_write(self) -> bool:
        return self._setup.is_ready and not self._is_writing

    def _add(self, message: Message, *, is_answered: bool = True) -> None:
        is_new = not self._is_kept
        self._is_kept = True
        self._problem = self._status = ""
        if is_new:
            self._conversation.created = self._now()
        self._conversation.add(message)
        self._keep()
        if is_new:
            self._page.name(self._conversation.id)
        if is_answered:
            self._runs.answer(self._conversation, message.id)
        else:
            self._show_all()
        self._page.to_end()

    def _keep(self) -> None:
        self._conversation.updated = self._now()
        self._saver.save(self._conversation)
        self.kept.emit(self._conversation)

    def _show_new(self) -> None:
        if not self._is_kept and not self._conversation.messages:
            self._show_all()
            return
        self._set(Conversation(id=self._new_id()), is_kept=False)

    async def _open(self, conversation_id: str) -> None:
        live = self._runs.conversation(conversation_id)
        if live is not None:
            self._set(live, is_kept=True)
            return
        try:
            record = await self._store.read("conversations", conversation_id)
        except StorageProblem as problem:
            self.report(text("chat.unreadable", reason=str(problem)))
            return
        if record is None:
            self._set(Conversation(id=self._new_id()), is_kept=False)
            self.report(text("chat.missing"))
            return
        self._set(from_record(record), is_kept=True)

    def _set(self, conversation: Conversation, *, is_kept: bool) -> None:
        self._conversation = conversation
        self._is_kept = is_kept
        self._views = {}
        self._problem = self._status = ""
        self.opened.emit(conversation)
        self._show_all()
        self._page.to_end()
        self._resume_left()

    def _resume_left(self) -> None:
        """Resume the answer that was left by a closed tab, if its model is there."""
        if not self._can_write:
            return
        model = self._setup.model or BUILTIN_MODEL
        for message in self._conversation.unfinished():
            if message.model == model:
                self._runs.resume(self._conversation, message)
                return

    def _on_model(self) -> None:
        model = self._setup.model or BUILTIN_MODEL
        if self._setup.is_ready and model != self._known_model:
            self._known_model = model
            self._begin(self._look_at_model(model))
        self._resume_left()
        self._show()

    async def _look_at_model(self, model: str) -> None:
        try:
            info = await self._llm.models.retrieve(model)
        except WebLLMError as error:
            _logger.info("Nothing is known about %s: %s", model, error)
            return
        self._window = info.context_window_size
        self._takes_images = info.kind == "vision"
        self._show()

    def _on_change(self, conversation: Conversation) -> None:
        self.kept.emit(conversation)
        if conversation is self._conversation:
            self._show_all()

    def _on_piece(self, piece: Piece) -> None:
        if piece.conversation is self._conversation:
            self._page.append(piece.message_id, piece.kind, piece.text)

    def _show_all(self) -> None:
        # An answer that is written has its newest text from now on.
        self._runs.conversation(self._conversation.id)
        path = list(self._conversation.path())
        last = path[-1].id if path else ""
        live = last if self._is_writing else ""
        views = [
            self._view_of(
                message,
                is_live=message.id == live and message.state == "writing",
                is_last=message.id == last,
            )
            for message in path
        ]
        self._page.show_messages(views)
        self._show()

    def _view_of(self, message: Message, *, is_live: bool, is_last: bool) -> MessageView:
        # Kept, because of hundreds of messages mostly one has changed.
        versions = len(self._conversation.siblings(message.id))
        key = (message, versions, is_live, is_last)
        before = self._views.get(message.id)
        if before is not None and before[0] == key:
            return before[1]
        found = view.view_of(
            self._conversation, message, label=self._label, is_live=is_live, is_last=is_last
        )
        self._views[message.id] = (key, found)
        return found

    def _show(self) -> None:
        is_writing = self._is_writing
        if is_writing:
            self._status = ""
        self._page.show(
            Screen(
                title=self._conversation.title or text("chat.new"),
                is_kept=self._is_kept,
                is_empty=not self._conversation.messages,
                is_ready=self._setup.is_ready,
                is_writing=is_writing,
                takes_images=self._takes_images,
                status=text("chat.writing") if is_writing else self._status,
                problem=self._problem,
                meter=view.meter_of(self._conversation, self._window),
            )
        )

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
