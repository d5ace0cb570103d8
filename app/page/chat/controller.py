"""The behavior of the chat view: open, send, stop, edit, write again, choose a version."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pywebllm import AsyncWebLLM, Event

from page.setup.controller import SetupController
from page.storage import Store
from page.tasks import Tasks
from page.texts import text

from . import view
from .chat_page import ChatPage
from .conversation import Conversation
from .drafting import Drafting
from .messages import Message
from .model_facts import ModelFacts
from .opening import read_conversation
from .runs import Piece, Runs
from .saver import Saver
from .settings import Settings
from .view import Screen
from .views import MessageViews

__all__ = ["ChatController"]


class ChatController:
    """Shows one conversation; an action does nothing in a state that does not allow it.

    Attributes:
        conversation: The conversation that is shown.
        is_kept: True if it is in the list.
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
        self._store = store
        self._saver = saver
        self._runs = runs
        self._new_id = new_id
        self._now = now
        self._drafting = Drafting(new_id=new_id, now=now)
        self.conversation = Conversation(id=new_id())
        self.is_kept = False
        self._views = MessageViews(label)
        self._problem = ""
        self._status = ""
        self._facts = ModelFacts(llm=llm, setup=setup, on_read=self._show)
        # The conversation that is shown when it has been read; empty: none.
        self._opening = ""
        self._tasks = Tasks()
        setup.changed.subscribe(lambda _screen: self._on_model())
        runs.changed.subscribe(self._on_change)
        runs.piece.subscribe(self._on_piece)
        if setup.is_ready:
            self._tasks.begin(self._facts.read())

    def visit(self, conversation_id: str) -> None:
        """Show the conversation of an address; an empty ID is a new one."""
        self._opening = ""
        if not conversation_id:
            self._show_new()
        elif conversation_id != self.conversation.id:
            self._opening = conversation_id
            self._tasks.begin(self._open(conversation_id))

    def refresh(self) -> None:
        """Show what another tab may have added to the conversation."""
        if self.is_kept and not self._is_writing:
            self._tasks.begin(self._reread())

    def show(self, conversation: Conversation) -> None:
        """Show a conversation that is kept, and make the address its own."""
        self._set(conversation, is_kept=True)
        self._page.name(conversation.id)

    def send(self, words: str, images: Sequence[str] = ()) -> bool:
        """Send a message; return whether it was sent."""
        words = words.strip()
        if not self._can_write or not (words or images):
            return False
        self._add(self._drafting.question(self.conversation.leaf, words, images))
        return True

    def stop(self) -> None:
        """Stop writing; what was written stays."""
        if self._runs.is_writing(self.conversation.id):
            self._status = text("chat.stopped")
            self._runs.stop(self.conversation.id)

    def regenerate(self, message_id: str) -> None:
        """Write another version of an answer."""
        message = self._answer(message_id)
        if message is not None:
            self._runs.answer(self.conversation, message.parent)

    def extend(self, message_id: str) -> None:
        """Continue an answer that ended too early."""
        message = self._answer(message_id)
        if message is not None:
            self._runs.extend(self.conversation, message)

    def resume(self, message_id: str) -> None:
        """Read on where an answer was left when its tab was closed."""
        message = self._answer(message_id)
        if message is not None and message.state == "writing":
            self._runs.resume(self.conversation, message)

    def edit(self, message_id: str) -> None:
        """Let the visitor edit a message."""
        message = self.conversation.messages.get(message_id)
        if message is not None and not self._is_writing:
            self._page.edit(message_id, message.text)

    def save_edit(self, message_id: str, words: str) -> bool:
        """Add another version of a message, answered if it is a question; return whether it was."""
        message = self.conversation.messages.get(message_id)
        if message is None or self._is_writing or not words.strip():
            return False
        is_question = message.role == "user"
        if is_question and not self._can_write:
            return False
        self._add(self._drafting.edited(message, words.strip()), is_answered=is_question)
        return True

    def choose(self, message_id: str, step: int) -> None:
        """Show the version before (-1) or after (1) the one that is shown."""
        if message_id not in self.conversation.messages or self._is_writing:
            return
        versions = self.conversation.siblings(message_id)
        place = versions.index(message_id) + step
        if 0 <= place < len(versions):
            self.conversation.show(versions[place])
            self._keep()
            self._show_all()

    def copy(self, message_id: str) -> None:
        """Copy the text of a message as it was written."""
        message = self.conversation.messages.get(message_id)
        if message is not None:
            self._tasks.begin(self._copy(message.text))

    def decide(self, message_id: str, call_id: str, *, is_allowed: bool) -> None:
        """Allow or refuse a call of a tool."""
        if message_id in self.conversation.messages and (self._setup.is_ready or not is_allowed):
            self._runs.decide(self.conversation, message_id, call_id, is_allowed=is_allowed)

    def rename(self, title: str) -> None:
        """Give the conversation another title."""
        title = " ".join(title.split())
        if title and self.is_kept:
            self.conversation.title = title
            self._keep()
            self._show()

    def configure(self, settings: Settings) -> None:
        """Take other settings from the next answer on."""
        self.conversation.settings = settings
        if self.is_kept:
            self._keep()

    def report(self, problem: str) -> None:
        """Show what went wrong outside an answer; an empty string hides it."""
        self._problem = problem
        self._show()

    async def settled(self) -> None:
        """Wait until all that has been begun is over."""
        await self._tasks.settled()
        await self._runs.settled()

    async def _copy(self, words: str) -> None:
        is_allowed = await self._page.copy(words)
        self._status = text("chat.copied" if is_allowed else "chat.not.copied")
        self._show()

    @property
    def _is_writing(self) -> bool:
        return self._runs.is_writing(self.conversation.id)

    @property
    def _can_write(self) -> bool:
        return self._setup.is_ready and not self._is_writing

    def _answer(self, message_id: str) -> Message | None:
        """Return an answer if the model may write now."""
        message = self.conversation.messages.get(message_id)
        is_answer = message is not None and message.role == "assistant"
        return message if is_answer and self._can_write else None

    def _add(self, message: Message, *, is_answered: bool = True) -> None:
        is_new = not self.is_kept
        self.is_kept = True
        self._problem = self._status = ""
        if is_new:
            self._opening = ""
            self.conversation.created = self._now()
        self.conversation.add(message)
        self._keep()
        if is_new:
            self._page.name(self.conversation.id)
        if is_answered:
            self._runs.answer(self.conversation, message.id)
        else:
            self._show_all()
        self._page.to_end()

    def _keep(self) -> None:
        self.conversation.updated = self._now()
        self._saver.save(self.conversation)
        self.kept.emit(self.conversation)

    def _show_new(self) -> None:
        if not self.is_kept and not self.conversation.messages:
            self._show_all()
            return
        self._set(Conversation(id=self._new_id()), is_kept=False)

    async def _open(self, conversation_id: str) -> None:
        live = self._runs.conversation(conversation_id)
        if live is not None:
            self._set(live, is_kept=True)
            return
        found = await self._read(conversation_id)
        if self._opening != conversation_id:
            return
        if isinstance(found, Conversation):
            self._saver.know(found)
            self._set(found, is_kept=True)
        else:
            self._show_new()
            self.report(found)

    async def _reread(self) -> None:
        before, updated = self.conversation, self.conversation.updated
        found = await self._read(before.id)
        if before is not self.conversation or before.updated != updated or self._is_writing:
            return
        if isinstance(found, Conversation) and _is_newer(found, before):
            self._saver.know(found)
            self._set(found, is_kept=True)

    async def _read(self, conversation_id: str) -> Conversation | str:
        # After what this page still writes, so that nothing of it is missing.
        await self._saver.settled()
        return await read_conversation(self._store, conversation_id)

    def _set(self, conversation: Conversation, *, is_kept: bool) -> None:
        self.conversation = conversation
        self.is_kept = is_kept
        self._opening = ""
        self._views.clear()
        self._problem = self._status = ""
        self.opened.emit(conversation)
        self._show_all()
        self._page.to_end()
        if self._can_write:
            self._runs.resume_left(self.conversation)

    def _on_model(self) -> None:
        if self._setup.is_ready:
            self._tasks.begin(self._facts.read())
        if self._can_write:
            self._runs.resume_left(self.conversation)
        self._show()

    def _on_change(self, conversation: Conversation) -> None:
        self.kept.emit(conversation)
        if conversation is self.conversation:
            self._show_all()

    def _on_piece(self, piece: Piece) -> None:
        if piece.conversation is self.conversation:
            self._page.append(piece.message_id, piece.kind, piece.text)

    def _show_all(self) -> None:
        # An answer that is written has its newest text from now on.
        self._runs.conversation(self.conversation.id)
        is_writing = self._is_writing
        self._page.show_messages(self._views.of(self.conversation, is_writing=is_writing))
        self._show()

    def _show(self) -> None:
        is_writing = self._is_writing
        if is_writing:
            self._status = ""
        self._page.show(
            Screen(
                title=self.conversation.title or text("chat.new"),
                is_kept=self.is_kept,
                is_empty=not self.conversation.messages,
                is_ready=self._setup.is_ready,
                is_writing=is_writing,
                takes_images=self._facts.takes_images,
                status=text("chat.writing") if is_writing else self._status,
                problem=self._problem,
                meter=view.meter_of(self.conversation, self._facts.window),
            )
        )


def _is_newer(found: Conversation, shown: Conversation) -> bool:
    """Return whether a conversation has all that is shown, and something else."""
    if not found.messages.keys() >= shown.messages.keys():
        return False  # what is shown could not be kept
    return found.updated > shown.updated or found.messages != shown.messages
