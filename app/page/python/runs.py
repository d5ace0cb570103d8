"""The runs of the Python view: the worker, started with the first one, and its messages.

What runs is a program, or a tool of a program that the chat calls; one at a time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from pywebllm import Event

from page.texts import text

from . import view
from .jobs import Job, ToolCall, ToolsFound, read_tools
from .protocols import Process, RunPage
from .view import Screen

__all__ = ["Runs"]

# Seconds: until a program that was asked to stop is interrupted, and until its worker is ended.
_PATIENCE = 1.0
_LAST_PATIENCE = 3.0


class Runs:
    """Runs the program in the editor, one at a time; each action does nothing when it is late.

    Attributes:
        changed: Emits each new screen.
        tools_found: Emits the tools of a program that has run to its end; it may have none.
    """

    def __init__(self, *, page: RunPage, create: Callable[[], Process]) -> None:
        self.changed: Event[Screen] = Event()
        self.tools_found: Event[ToolsFound] = Event()
        self._page = page
        self._create = create
        self._process: Process | None = None
        self._version: str | None = None
        self._start_seconds: float | None = None
        self._job = Job(code="")
        self._screen = view.idle()
        self._wanted: list[str] = []
        # What the visitor has agreed to since the page was opened.
        self._agreed: set[str] = set()
        self._timers: list[asyncio.TimerHandle] = []
        page.show(self._screen)

    @property
    def screen(self) -> Screen:
        """What is shown."""
        return self._screen

    def prepare(self) -> None:
        """Show that a program runs as soon as it is in the editor, until `run` or `stop`."""
        if self._screen.can_run:
            self._page.clear()
            self._show(view.fetching())

    def run(self) -> None:
        """Run the program in the editor."""
        if not self._screen.can_run and self._screen.state != "fetching":
            return
        self._page.clear()
        self._launch(Job(code=self._page.code()))

    async def call(self, code: str, name: str, arguments: str) -> str:
        """Call a tool of a program, after what runs now; return what the model reads.

        Cancelled, the tool is stopped.

        Args:
            code: The program.
            name: The function.
            arguments: A JSON object.

        Raises:
            CallProblem: It failed, or was stopped.
        """
        while not self._screen.can_run:
            await self._next_screen()
        result: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        job = ToolCall(code=code, name=name, arguments=arguments, result=result)
        self._page.append_note(text("python.call", name=name))
        self._launch(job)
        try:
            return await result
        finally:
            # A call that has returned has no more to do than this.
            if job is self._job and result.cancelled():
                self.stop()

    def stop(self) -> None:
        """Stop what runs: a program by itself if it can, else with its worker."""
        if not self._screen.can_stop:
            return
        if self._screen.state == "running":
            assert self._process is not None
            self._show(view.stopping())
            self._process.send({"stop": True})
            self._later(_PATIENCE, self._force)
            return
        if self._screen.state == "installing":
            self._replace()
        # A worker that starts goes on: the next run needs it.
        self._show(view.idle())

    def answer(self, *, is_yes: bool) -> None:
        """Answer whether packages may be installed."""
        if self._screen.state != "asking" or self._process is None:
            return
        if not is_yes:
            self._show(view.refused())
            return
        self._agreed.update(self._wanted)
        self._install()

    def _launch(self, job: Job) -> None:
        self._job = job
        if self._process is None:
            self._start()
        if self._version is None:
            self._show(view.starting())
        else:
            self._begin()

    def _start(self) -> None:
        self._version, self._start_seconds = None, None
        process = self._create()
        self._process = process

        def receive(message: str) -> None:
            # A message of a worker that was ended is late.
            if process is self._process:
                self._receive(json.loads(message))

        process.start(receive)

    def _begin(self, *, is_ready: bool = False) -> None:
        assert self._process is not None
        assert self._version is not None
        if isinstance(self._job, ToolCall):
            self._show(view.calling(self._job.name))
        else:
            self._show(view.running(self._version, self._start_seconds))
        self._start_seconds = None
        self._process.send(self._job.message(is_ready=is_ready))

    def _install(self) -> None:
        assert self._process is not None
        self._show(view.installing(self._wanted))
        self._process.send({"install": self._wanted})

    def _receive(self, message: Mapping[str, Any]) -> None:
        name = next(name for name in message if name in _HANDLERS)
        _HANDLERS[name](self, message)

    def _on_started(self, message: Mapping[str, Any]) -> None:
        self._version, self._start_seconds = message["started"], message["seconds"]
        if self._screen.state == "starting":
            self._begin()

    def _on_failed(self, message: Mapping[str, Any]) -> None:
        self._drop()
        self._show(view.crashed(message["failed"]))

    def _on_needs(self, message: Mapping[str, Any]) -> None:
        self._wanted = message["needs"]
        if self._agreed.issuperset(self._wanted):
            self._install()
        elif isinstance(self._job, ToolCall):
            # The visitor is in the chat: this view asks when they run the program in it.
            packages = ", ".join(self._wanted)
            self._fail(text("python.call.needs", packages=packages))
            self._show(view.refused())
        else:
            self._show(view.asking(self._wanted))

    def _on_installed(self, message: Mapping[str, Any]) -> None:
        if problem := message.get("problem"):
            self._fail(problem)
            self._page.append_text(problem + "\n", is_error=True)
            self._show(view.idle())
            return
        self._begin(is_ready=True)

    def _on_stopping(self, _message: Mapping[str, Any]) -> None:
        # It can stop, unless it goes on all the same.
        self._forget_timers()
        self._later(_LAST_PATIENCE, self._force)

    def _on_out(self, message: Mapping[str, Any]) -> None:
        self._page.append_text(message["out"], is_error=False)

    def _on_err(self, message: Mapping[str, Any]) -> None:
        self._page.append_text(message["err"], is_error=True)

    def _on_show(self, message: Mapping[str, Any]) -> None:
        self._page.append_part(message["show"])

    def _on_fault(self, message: Mapping[str, Any]) -> None:
        fault = message["fault"]
        self._job.has_failed = True
        self._fail(fault["title"])
        self._page.append_text(fault["trace"] + "\n", is_error=True)
        # The editor may have another program by now, and that of a tool is another one anyway.
        is_shown = self._job.code == self._page.code() and not isinstance(self._job, ToolCall)
        if fault["line"] is not None and is_shown:
            self._page.mark(fault["line"], fault["title"])

    def _on_full(self, _message: Mapping[str, Any]) -> None:
        self._page.append_note(text("python.full"))

    def _on_tools(self, message: Mapping[str, Any]) -> None:
        if not isinstance(self._job, ToolCall):
            found = ToolsFound(code=self._job.code, descriptions=read_tools(message["tools"]))
            self.tools_found.emit(found)

    def _on_result(self, message: Mapping[str, Any]) -> None:
        if isinstance(self._job, ToolCall):
            self._job.finish(message["result"])

    def _on_done(self, message: Mapping[str, Any]) -> None:
        self._forget_timers()
        stopped, failed = message["stopped"], self._job.has_failed
        self._show(view.finished(message["done"], stopped=stopped, failed=failed))

    def _force(self) -> None:
        assert self._process is not None
        if self._process.can_interrupt:
            self._process.interrupt()
            self._later(_LAST_PATIENCE, self._end)
        else:
            self._end()

    def _end(self) -> None:
        is_isolated = self._process is not None and self._process.can_interrupt
        self._replace()
        self._show(view.ended(is_isolated=is_isolated))

    def _replace(self) -> None:
        # The next run finds a Python that has started already.
        self._drop()
        self._start()

    def _drop(self) -> None:
        self._forget_timers()
        process, self._process = self._process, None
        self._version = None
        if process is not None:
            process.end()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, work))

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _show(self, screen: Screen) -> None:
        self._screen = screen
        if screen.can_run:
            # Whatever the reason, nothing more comes of a call.
            self._fail(screen.status)
        self._page.show(screen)
        self.changed.emit(screen)

    def _fail(self, problem: str) -> None:
        if isinstance(self._job, ToolCall):
            self._job.fail(problem)

    async def _next_screen(self) -> None:
        shown = asyncio.Event()
        subscription = self.changed.subscribe(lambda _screen: shown.set())
        try:
            await shown.wait()
        finally:
            subscription()


_HANDLERS: Mapping[str, Callable[[Runs, Mapping[str, Any]], None]] = {
    "started": Runs._on_started,
    "failed": Runs._on_failed,
    "needs": Runs._on_needs,
    "installed": Runs._on_installed,
    "stopping": Runs._on_stopping,
    "out": Runs._on_out,
    "err": Runs._on_err,
    "show": Runs._on_show,
    "fault": Runs._on_fault,
    "full": Runs._on_full,
    "tools": Runs._on_tools,
    "result": Runs._on_result,
    "done": Runs._on_done,
}
