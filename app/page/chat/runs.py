"""The answers that are being written, in this conversation and in others; tools that run.

It changes conversations and keeps them; views follow its events.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from pywebllm import BUILTIN_MODEL, AsyncWebLLM, ChatStream, Event, WebLLMError

from page.problems import problem_of
from page.tasks import Tasks
from page.texts import text

from .answering import Draft, Kind, finished, forget, open_answer, read_answer
from .conversation import Conversation
from .drafting import Drafting
from .messages import Call, Message
from .requests import chat_body
from .resuming import resumed_answer
from .saver import Saver
from .settings import SettingsProblem
from .tools.shelf import Shelf, ToolProblem

__all__ = ["Piece", "Runs"]

_logger = logging.getLogger("page")

# A model that calls tools again and again is stopped after this many answers in a row.
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What was added to an answer."""

    conversation: Conversation
    message_id: str
    kind: Kind
    text: str


class _NotKeptError(Exception):
    """The engine has nothing of an answer that was left."""


@dataclass(slots=True, kw_only=True)
class _Run:
    # `work` is what a stop cancels; `task` is not cancelled: it sees to what comes after it.
    conversation: Conversation
    work: asyncio.Task[Any]
    task: asyncio.Task[None]
    draft: Draft | None = None


class Runs:
    """Writes at most one answer in each conversation at a time.

    Attributes:
        changed: Emits a conversation whose messages have changed.
        piece: Emits what is added to an answer.
    """

    def __init__(
        self,
        *,
        llm: AsyncWebLLM,
        shelf: Shelf,
        saver: Saver,
        model: Callable[[], str | None],
        new_id: Callable[[], str],
        now: Callable[[], int],
    ) -> None:
        self.changed: Event[Conversation] = Event()
        self.piece: Event[Piece] = Event()
        self._llm = llm
        self._shelf = shelf
        self._saver = saver
        self._model = model
        self._drafting = Drafting(new_id=new_id, now=now)
        self._now = now
        self._live: dict[str, _Run] = {}
        self._others = Tasks()

    def conversation(self, conversation_id: str) -> Conversation | None:
        """Return the conversation with this ID if an answer is written in it."""
        run = self._live.get(conversation_id)
        if run is None:
            return None
        if run.draft is not None:
            run.conversation.replace(run.draft.now())
        return run.conversation

    def is_writing(self, conversation_id: str) -> bool:
        """Return True while an answer is written in a conversation, or a tool runs."""
        return conversation_id in self._live

    def answer(self, conversation: Conversation, parent: str) -> None:
        """Write an answer to a message."""
        settings = conversation.settings
        model = self._model() or BUILTIN_MODEL
        message = self._drafting.answer(parent, model=model, is_typed=settings.is_typed)
        conversation.add(message)
        draft = Draft(message=message)
        branch = conversation.path_to(parent)

        async def ask() -> ChatStream:
            tools = self._shelf.offers(settings.tools)
            if _rounds(branch) > _MOST_ROUNDS:
                tools = []
            body = chat_body(branch, settings, tools=tools, model=self._model())
            return await open_answer(self._llm, body, message.id)

        self._start(conversation, draft, ask)

    def extend(self, conversation: Conversation, message: Message) -> None:
        """Continue an answer that ended too early."""
        draft = Draft(message=replace(message, state="writing", problem="", detail=""))
        conversation.replace(draft.message)
        branch = conversation.path_to(message.id)

        async def ask() -> ChatStream:
            body = chat_body(branch, conversation.settings, model=self._model())
            stream: ChatStream = await self._llm.chat.completions.create(stream=True, **body)
            return stream

        self._start(conversation, draft, ask)

    def resume(self, conversation: Conversation, message: Message) -> None:
        """Read on where an answer was left when its tab was closed."""
        draft = Draft(message=message)

        async def ask() -> ChatStream | None:
            stream = await resumed_answer(self._llm, message.id)
            if stream is not None:
                # The stream begins with what had been written.
                draft.message = replace(message, text="", reasoning="")
                conversation.replace(draft.message)
                self.changed.emit(conversation)
            return stream

        self._start(conversation, draft, ask, is_new=False)

    def resume_left(self, conversation: Conversation) -> None:
        """Resume the answer that was left by a closed tab, if its model is there."""
        model = self._model() or BUILTIN_MODEL
        left = [message for message in conversation.unfinished() if message.model == model]
        if left:
            self.resume(conversation, left[0])

    def stop(self, conversation_id: str) -> None:
        """Stop writing in a conversation; what was written stays."""
        run = self._live.get(conversation_id)
        if run is not None:
            run.work.cancel()

    def decide(
        self, conversation: Conversation, message_id: str, call_id: str, *, is_allowed: bool
    ) -> None:
        """Run a tool that the model asked for, or refuse to."""
        message = conversation.messages[message_id]
        call = next((call for call in message.calls if call.id == call_id), None)
        if call is None or call.state != "asked" or self.is_writing(conversation.id):
            return
        if is_allowed:
            self._update(conversation, message_id, replace(call, state="running"))
            work = asyncio.ensure_future(self._shelf.run(call.name, call.arguments))
            task = asyncio.ensure_future(self._finish_tool(conversation, message_id, call, work))
            self._live[conversation.id] = _Run(conversation=conversation, work=work, task=task)
            self.changed.emit(conversation)
            return
        refused = replace(call, state="refused", result=text("chat.tool.refused"))
        self._update(conversation, message_id, refused)
        self._after_call(conversation, message_id)

    def forget(self, conversation: Conversation) -> None:
        """Stop writing in a conversation that is deleted, and delete what the engine kept of it."""
        self.stop(conversation.id)
        for message in conversation.unfinished():
            self._others.begin(forget(self._llm, message.id))

    async def settled(self) -> None:
        """Wait until nothing is written and no tool runs."""
        while tasks := [run.task for run in self._live.values()]:
            await asyncio.wait(tasks)
        await self._others.settled()
        await self._saver.settled()

    def _start(
        self,
        conversation: Conversation,
        draft: Draft,
        ask: Callable[[], Awaitable[ChatStream | None]],
        *,
        is_new: bool = True,
    ) -> None:
        work = asyncio.ensure_future(self._read(conversation, draft, ask))
        self._live[conversation.id] = _Run(
            conversation=conversation,
            work=work,
            task=asyncio.ensure_future(self._finish(conversation, draft, work)),
            draft=draft,
        )
        # Another tab may be writing an answer that is resumed here: its state is not replaced.
        if is_new:
            self._keep(conversation)
        self.changed.emit(conversation)

    async def _finish(
        self, conversation: Conversation, draft: Draft, work: asyncio.Task[Message]
    ) -> None:
        message, is_kept = draft.message, True
        try:
            message = await work
        except _NotKeptError:
            message, is_kept = draft.now("stopped"), False
        except asyncio.CancelledError:
            message = draft.now("stopped")
        except SettingsProblem as problem:
            message = replace(draft.now("failed"), problem=problem.problem)
        except WebLLMError as error:
            found = problem_of(error)
            message = replace(draft.now("failed"), problem=str(found), detail=found.detail)
        except Exception as error:
            # The top handler of an answer: the visitor sees every error.
            _logger.exception("Unexpected error in the chat view")
            what, detail = text("problem.unknown"), f"{type(error).__name__}: {error}"
            message = replace(draft.now("failed"), problem=what, detail=detail)
        finally:
            self._live.pop(conversation.id, None)
            conversation.replace(message)
            if is_kept:
                self._keep(conversation)
                self._others.begin(forget(self._llm, message.id))
            self.changed.emit(conversation)

    async def _read(
        self,
        conversation: Conversation,
        draft: Draft,
        ask: Callable[[], Awaitable[ChatStream | None]],
    ) -> Message:
        stream = await ask()
        if stream is None:
            raise _NotKeptError

        def add(kind: Kind, piece: str) -> None:
            self.piece.emit(
                Piece(conversation=conversation, message_id=draft.message.id, kind=kind, text=piece)
            )
            if self._saver.is_due:
                # Joined only now: an answer of many pieces would be copied for each of them.
                conversation.replace(draft.now())
                self._saver.save_sometimes(conversation)

        return finished(draft, await read_answer(stream, draft, add))

    async def _finish_tool(
        self, conversation: Conversation, message_id: str, call: Call, work: asyncio.Task[str]
    ) -> None:
        try:
            over = replace(call, state="done", result=await work)
        except ToolProblem as problem:
            over = replace(call, state="failed", result=f"Error: {problem}")
        except asyncio.CancelledError:
            over = replace(call, state="failed", result=f"Error: {text('chat.tool.stopped')}")
        del self._live[conversation.id]
        self._update(conversation, message_id, over)
        self._after_call(conversation, message_id)

    def _update(self, conversation: Conversation, message_id: str, call: Call) -> None:
        message = conversation.messages[message_id].with_call(call)
        conversation.replace(message)
        self._keep(conversation)

    def _after_call(self, conversation: Conversation, message_id: str) -> None:
        if conversation.messages[message_id].is_waiting:
            self.changed.emit(conversation)
        else:
            self.answer(conversation, message_id)

    def _keep(self, conversation: Conversation) -> None:
        conversation.updated = self._now()
        self._saver.save(conversation)


def _rounds(branch: list[Message]) -> int:
    """Return how many answers in a row end a branch."""
    count = 0
    for message in reversed(branch):
        if message.role != "assistant":
            break
        count += 1
    return count
