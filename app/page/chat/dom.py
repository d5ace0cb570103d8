"""The elements of the chat view: shows a `Screen` and messages, reads the composer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, Self

import js

from page.elements import Listeners, find_element, on_visit, set_text, show_problem
from page.exporting import copy_text
from page.libraries import import_library
from page.tasks import Tasks

from .answering import Kind
from .attachments import Attachments
from .messages_dom import MessageList
from .view import MessageView, Screen

__all__ = ["Actions", "ChatElements"]

# What is typed and not sent survives a reload of the tab under this key.
_DRAFT = "pywebllm-chat-draft"


class Actions(Protocol):
    """The visitor's actions."""

    def visit(self, conversation_id: str) -> None:
        """Handle an address."""
        ...

    def refresh(self) -> None:
        """Handle the return to this tab."""
        ...

    def send(self, words: str, images: Sequence[str]) -> bool:
        """Handle the Send button, and Enter."""
        ...

    def stop(self) -> None:
        """Handle the Stop button, and Escape."""
        ...

    def regenerate(self, message_id: str) -> None:
        """Handle Write again."""
        ...

    def extend(self, message_id: str) -> None:
        """Handle Continue."""
        ...

    def resume(self, message_id: str) -> None:
        """Handle Resume."""
        ...

    def edit(self, message_id: str) -> None:
        """Handle Edit."""
        ...

    def save_edit(self, message_id: str, words: str) -> bool:
        """Handle the button that saves an edited message."""
        ...

    def choose(self, message_id: str, step: int) -> None:
        """Handle the buttons for other versions."""
        ...

    def copy(self, message_id: str) -> None:
        """Handle Copy."""
        ...

    def decide(self, message_id: str, call_id: str, *, is_allowed: bool) -> None:
        """Handle Allow and Refuse."""
        ...


class ChatElements:
    """The elements of the view in index.html, found once by their ids."""

    def __init__(self, markdown: Any, images: Any, thread: Any) -> None:
        self._main = find_element("chat")
        self._list = MessageList(markdown, images)
        self._start = find_element("chat-start")
        self._starters = find_element("chat-starters")
        self._composer = find_element("chat-composer")
        self._message = find_element("chat-message")
        self._send = find_element("chat-send")
        self._stop = find_element("chat-stop")
        self._status = find_element("chat-status")
        self._problem = find_element("chat-problem")
        self._context = find_element("chat-context")
        self._context_text = find_element("chat-context-text")
        self._context_bar = find_element("chat-context-bar")
        self._attachments = Attachments(images, partial(set_text, self._status))
        self._follower = thread.follow(self._list.element, self._composer)
        self._listeners = Listeners()
        self._tasks = Tasks()

    @classmethod
    async def create(cls) -> Self:
        """Import what the view takes from npm, and find the elements."""
        names = ("markdown", "images", "thread")
        return cls(*await asyncio.gather(*(import_library(name) for name in names)))

    def connect(self, actions: Actions) -> None:
        """Call `actions` for each action of the visitor from now on."""
        # What static/start/kept.js shows goes.
        self._main.dataset.running = ""
        # What was typed before Python was there stays.
        self._message.value = self._message.value or js.sessionStorage.getItem(_DRAFT) or ""
        listen = self._listeners.add
        listen(self._composer, "submit", lambda event: self._submit(event, actions))
        listen(self._stop, "click", lambda _event: actions.stop())
        listen(self._message, "input", lambda _event: self._keep_draft())
        listen(self._starters, "click", self._begin_with)
        listen(self._list.element, "click", lambda event: self._click(event, actions))
        listen(self._list.element, "input", self._type)
        listen(self._list.element, "submit", lambda event: self._save_edit(event, actions))
        listen(js.document, "keydown", lambda event: self._key(event, actions))
        listen(js.window, "focus", lambda _event: actions.refresh())
        self._attachments.connect(self._message)
        on_visit(self._listeners, self._main, lambda: actions.visit(_address()))

    def show(self, screen: Screen) -> None:
        """Replace what is shown by `screen`."""
        set_text(self._status, screen.status)
        set_text(self._problem, f"{screen.problem} {screen.advice}".strip())
        show_problem(self._problem, is_shown=bool(screen.problem))
        self._start.hidden = not screen.is_empty
        focused = js.document.activeElement
        had_focus = bool(focused) and focused.id in ("chat-send", "chat-stop")
        self._send.disabled = not screen.can_send
        self._send.hidden = screen.is_writing
        self._stop.hidden = not screen.is_writing
        if had_focus:
            (self._stop if screen.is_writing else self._message).focus()
        # A screen reader should read an answer once, whole, instead of word by word.
        self._list.element.ariaBusy = "true" if screen.is_writing else "false"
        self._attachments.offer(is_offered=screen.takes_images)
        self._context.hidden = not screen.meter.text
        self._context_text.textContent = screen.meter.text
        self._context_bar.hidden = not screen.meter.ratio
        self._context_bar.ariaValueNow = str(round(screen.meter.ratio * 100))
        fill = self._context_bar.firstElementChild
        fill.style.setProperty("--ratio", str(screen.meter.ratio))

    def show_messages(self, messages: Sequence[MessageView]) -> None:
        """Replace the messages; those that are as before stay untouched."""
        self._list.show(messages)

    def append(self, message_id: str, kind: Kind, piece: str) -> None:
        """Append to a message that is shown."""
        shown = self._list.find(message_id)
        if shown is not None:
            shown.append(kind, piece)

    def to_end(self) -> None:
        """Scroll to the end, and follow it."""
        self._follower.toEnd()

    def edit(self, message_id: str, words: str) -> None:
        """Let the visitor edit a message."""
        self._list.edit(message_id, words)

    async def copy(self, words: str) -> bool:
        """Put a text on the clipboard; return whether the browser allowed it."""
        return await copy_text(words)

    def name(self, conversation_id: str) -> None:
        """Make the address that of a conversation, without a visit."""
        js.history.replaceState(None, "", f"#/chat/{conversation_id}")

    def _submit(self, event: Any, actions: Actions) -> None:
        event.preventDefault()
        if self._attachments.is_reading:
            self._tasks.begin(self._send_when_read(actions))
        else:
            self._send_message(actions)

    async def _send_when_read(self, actions: Actions) -> None:
        # With an image that cannot be read, the visitor decides again.
        if await self._attachments.read():
            self._send_message(actions)

    def _send_message(self, actions: Actions) -> None:
        if actions.send(self._message.value, self._attachments.urls()):
            self._message.value = ""
            self._attachments.clear()
            self._keep_draft()

    def _key(self, event: Any, actions: Actions) -> None:
        # The target of a key is an element, or the document where nothing has the focus.
        if self._main.hidden or event.isComposing or not hasattr(event.target, "closest"):
            return
        is_message = event.target.id == "chat-message"
        if event.key == "Enter" and is_message and not event.shiftKey:
            event.preventDefault()
            self._submit(event, actions)
        elif event.key == "Escape":
            form = event.target.closest("form.edit")
            if form:
                self._list.end_edit(_message_of(form))
            else:
                actions.stop()

    def _click(self, event: Any, actions: Actions) -> None:
        button = event.target.closest("[data-action]")
        if not button:
            return
        message_id = _message_of(button)
        action = button.dataset.action
        call = button.closest(".call")
        if call:
            actions.decide(message_id, call.dataset.id, is_allowed=action == "allow")
        elif action == "cancel":
            self._list.end_edit(message_id)
        elif action == "json":
            shown = self._list.find(message_id)
            if shown is not None:
                shown.toggle_json(button)
        elif action in ("previous", "next"):
            actions.choose(message_id, -1 if action == "previous" else 1)
        else:
            _actions_of(actions)[action](message_id)

    def _save_edit(self, event: Any, actions: Actions) -> None:
        event.preventDefault()
        form = event.target
        message_id = _message_of(form)
        if actions.save_edit(message_id, form.querySelector("textarea").value):
            # The message itself may still be shown, in another branch.
            self._list.end_edit(message_id)

    def _type(self, event: Any) -> None:
        if event.target.closest("form.edit"):
            self._list.keep_edit(_message_of(event.target), event.target.value)

    def _begin_with(self, event: Any) -> None:
        button = event.target.closest("button")
        if button:
            self._message.value = button.textContent
            self._keep_draft()
            self._message.focus()

    def _keep_draft(self) -> None:
        js.sessionStorage.setItem(_DRAFT, self._message.value)


def _message_of(element: Any) -> str:
    """Return the ID of the message that an element is in."""
    found: str = element.closest("article").dataset.id
    return found


def _actions_of(actions: Actions) -> Mapping[str, Callable[[str], None]]:
    return {
        "copy": actions.copy,
        "edit": actions.edit,
        "regenerate": actions.regenerate,
        "continue": actions.extend,
        "resume": actions.resume,
    }


def _address() -> str:
    """Return the ID of the conversation in the page's address; empty if it has none."""
    return str(js.location.hash).removeprefix("#/").partition("/")[2]
