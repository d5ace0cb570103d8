"""The Python view: its runs over a fake worker, its programs over a store in memory, its links."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from page.python import link, runs, saved_page, view
from page.python.controller import PythonController
from page.python.jobs import CallProblem, read_tools
from page.python.kept import Entry
from page.python.programs import Programs
from page.python.runs import Runs
from page.python.view import EXAMPLES, Screen

from tests.unit.page.store import FakeStore

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.timeout(20)


class FakePage:
    """The elements, as values."""

    def __init__(self) -> None:
        self.program = "print(1)"
        self.screen = Screen(state="idle", status="")
        self.output: list[Any] = []
        self.marked: list[tuple[int, str]] = []
        self.menu: list[str] = []
        self.chosen = ""
        self.name: str | None = None
        self.notice = ""
        self.shared: list[str] = []
        self.downloads: list[tuple[str, str]] = []

    def code(self) -> str:
        return self.program

    def show(self, screen: Screen) -> None:
        self.screen = screen

    def clear(self) -> None:
        self.output, self.marked = [], []

    def append_text(self, words: str, *, is_error: bool) -> None:
        self.output.append(("err" if is_error else "out", words))

    def append_part(self, part: Mapping[str, Any]) -> None:
        self.output.append(part)

    def append_note(self, words: str) -> None:
        self.output.append(("note", words))

    def mark(self, line: int, message: str) -> None:
        self.marked.append((line, message))

    def show_code(self, code: str) -> None:
        self.program = code

    def show_menu(self, entries: list[Entry], chosen: str) -> None:
        self.menu, self.chosen = [entry.name for entry in entries], chosen

    def show_name(self, name: str | None) -> None:
        self.name = name

    def show_notice(self, words: str) -> None:
        self.notice = words

    async def open_editor(self) -> None:
        pass

    def share(self, address: str) -> None:
        self.shared.append(address)

    def download(self, name: str, content: str) -> None:
        self.downloads.append((name, content))


class FakeProcess:
    """A worker whose messages come from the test."""

    def __init__(self, *, can_interrupt: bool) -> None:
        self.can_interrupt = can_interrupt
        self.sent: list[Mapping[str, object]] = []
        self.interrupts = 0
        self.is_ended = False
        self.receive: Callable[[str], object] = print

    def start(self, on_message: Callable[[str], object]) -> None:
        self.receive = on_message

    def send(self, message: Mapping[str, object]) -> None:
        self.sent.append(message)

    def interrupt(self) -> None:
        self.interrupts += 1

    def end(self) -> None:
        self.is_ended = True

    def say(self, **message: object) -> None:
        self.receive(json.dumps(message))


class World:
    """Runs over fake workers."""

    def __init__(self, *, is_isolated: bool = False) -> None:
        self.page = FakePage()
        self.workers: list[FakeProcess] = []

        def create() -> FakeProcess:
            self.workers.append(FakeProcess(can_interrupt=is_isolated))
            return self.workers[-1]

        self.runs = Runs(page=self.page, create=create)

    @property
    def worker(self) -> FakeProcess:
        return self.workers[-1]

    @property
    def state(self) -> str:
        return self.page.screen.state

    def run(self) -> None:
        self.runs.run()
        if self.state == "starting":
            self.worker.say(started="3.14.2", seconds=1.25)


def test_worker_starts_with_the_first_run_and_is_used_again() -> None:
    world = World()
    assert world.workers == []
    world.runs.run()
    assert world.state == "starting"
    assert world.worker.sent == []
    world.worker.say(started="3.14.2", seconds=1.25)
    assert "3.14.2" in world.page.screen.status
    assert "1.2 s" in world.page.screen.status
    assert world.worker.sent == [{"run": "print(1)", "isReady": False}]
    # A second press is late.
    world.runs.run()
    world.worker.say(out="1\n")
    world.worker.say(done=0.5, stopped=False)
    assert world.page.output == [("out", "1\n")]
    assert world.state == "idle"
    world.run()
    assert world.page.output == []
    assert "1.2 s" not in world.page.screen.status
    assert len(world.workers) == 1


def test_fault_is_shown_and_marked() -> None:
    world = World()
    world.run()
    world.worker.say(fault={"title": "ValueError: x", "trace": "Traceback…", "line": 3})
    world.worker.say(done=0.1, stopped=False)
    assert world.page.marked == [(3, "ValueError: x")]
    assert world.page.output == [("err", "Traceback…\n")]


def test_worker_that_does_not_start_is_replaced_by_the_next_run() -> None:
    world = World()
    world.runs.run()
    world.worker.say(failed="no memory")
    assert world.state == "idle"
    assert "no memory" in world.page.screen.status
    assert world.worker.is_ended
    world.run()
    assert len(world.workers) == 2
    assert world.state == "running"


def test_packages_are_asked_for_once() -> None:
    world = World()
    world.run()
    world.worker.say(needs=["pygal"])
    assert world.state == "asking"
    assert "pygal" in world.page.screen.question
    world.runs.answer(is_yes=False)
    assert (world.state, world.page.screen.question) == ("idle", "")
    assert {"install": ["pygal"]} not in world.worker.sent
    world.run()
    world.worker.say(needs=["pygal"])
    world.runs.answer(is_yes=True)
    assert world.worker.sent[-1] == {"install": ["pygal"]}
    world.worker.say(installed=True)
    assert world.worker.sent[-1] == {"run": "print(1)", "isReady": True}
    world.worker.say(done=0.1, stopped=False)
    # The answer holds for a worker that replaces this one.
    world.run()
    world.worker.say(needs=["pygal"])
    assert world.state == "installing"
    world.worker.say(installed=True, problem="ValueError: no such wheel")
    assert world.state == "idle"
    assert world.page.output == [("err", "ValueError: no such wheel\n")]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No patience, so that no test waits for it."""
    monkeypatch.setattr(runs, "_PATIENCE", 0)
    monkeypatch.setattr(runs, "_LAST_PATIENCE", 0)


async def timers() -> None:
    """Let timers without a delay run."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_stop_of_a_program_that_waits_keeps_its_worker() -> None:
    world = World()
    world.run()
    world.runs.stop()
    assert world.state == "stopping"
    assert world.worker.sent[-1] == {"stop": True}
    world.worker.say(stopping=True)
    world.worker.say(done=1.0, stopped=True)
    await timers()
    assert world.state == "idle"
    assert len(world.workers) == 1
    assert not world.worker.is_ended


@pytest.mark.usefixtures("quick")
async def test_stop_of_a_loop_ends_the_worker_and_starts_another() -> None:
    world = World()
    world.run()
    first = world.worker
    world.runs.stop()
    await timers()
    assert first.is_ended
    assert len(world.workers) == 2
    assert world.state == "idle"
    assert "isolated" in world.page.screen.status
    # What the ended worker had still to say is late.
    first.say(out="late")
    assert world.page.output == []
    world.run()
    assert world.worker.sent == [{"run": "print(1)", "isReady": False}]


async def test_stop_of_a_loop_interrupts_it_where_the_page_is_isolated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "_PATIENCE", 0)
    world = World(is_isolated=True)
    world.run()
    world.runs.stop()
    await timers()
    assert world.worker.interrupts == 1
    world.worker.say(done=1.0, stopped=True)
    assert len(world.workers) == 1
    # One that catches the interrupt ends with its worker.
    monkeypatch.setattr(runs, "_LAST_PATIENCE", 0)
    world.run()
    world.runs.stop()
    await timers()
    await timers()
    assert len(world.workers) == 2


def tool(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": {}}}


async def test_chat_calls_a_tool_in_the_worker_after_the_program_that_runs() -> None:
    world = World()
    world.run()
    calling = asyncio.ensure_future(world.runs.call("code", "roll", '{"count": 2}'))
    await timers()
    assert len(world.worker.sent) == 1
    world.worker.say(done=0.5, stopped=False)
    await timers()
    call = {"name": "roll", "arguments": '{"count": 2}'}
    assert world.worker.sent[-1] == {"run": "code", "isReady": False, "call": call}
    assert "roll" in world.page.screen.status
    # What its program offers is known.
    world.worker.say(tools=[tool("roll")])
    world.worker.say(result="[1, 2]")
    assert await calling == "[1, 2]"
    assert world.state == "running"
    world.worker.say(done=0.1, stopped=False)
    assert world.state == "idle"


async def failure(world: World, *messages: dict[str, object]) -> str:
    calling = asyncio.ensure_future(world.runs.call("code", "roll", "{}"))
    await timers()
    for message in ({"started": "3.14.2", "seconds": 1}, *messages):
        world.worker.say(**message)
    with pytest.raises(CallProblem) as problem:
        await calling
    return str(problem.value)


async def test_tool_that_does_not_return_says_why() -> None:
    done: dict[str, object] = {"done": 1, "stopped": False}
    fault: dict[str, object] = {"fault": {"title": "ValueError: x", "trace": "…", "line": 3}}
    world = World()
    assert await failure(world, fault, done) == "ValueError: x"
    # It is not the program in the editor.
    assert world.page.marked == []
    assert "Stopped" in await failure(World(), {"done": 1, "stopped": True})
    assert "no memory" in await failure(World(), {"failed": "no memory"})
    assert "pygal" in await failure(World(), {"needs": ["pygal"]})
    # What the visitor has agreed to is installed.
    world = World()
    world.run()
    world.worker.say(needs=["pygal"])
    world.runs.answer(is_yes=True)
    world.worker.say(installed=True)
    world.worker.say(done=1, stopped=False)
    calling = asyncio.ensure_future(world.runs.call("code", "roll", "{}"))
    await timers()
    world.worker.say(needs=["pygal"])
    world.worker.say(installed=True)
    assert world.worker.sent[-1]["isReady"] is True
    world.worker.say(result="1")
    assert await calling == "1"


@pytest.mark.usefixtures("quick")
async def test_cancelled_call_stops_the_tool_and_ends_a_loop_with_its_worker() -> None:
    world = World()
    world.run()
    world.worker.say(done=0.5, stopped=False)
    calling = asyncio.ensure_future(world.runs.call("code", "roll", "{}"))
    await timers()
    calling.cancel()
    await timers()
    assert {"stop": True} in world.workers[0].sent
    assert calling.cancelled()
    await timers()
    assert world.workers[0].is_ended
    world.run()
    assert world.state == "running"


async def read_example(name: str) -> str:
    return f"# {name}\n"


class Desk:
    """A controller over a page and a store; a second one is the next visit."""

    def __init__(self, store: FakeStore) -> None:
        self.page = FakePage()
        self.missing: set[str] = set()
        self.slow = asyncio.Event()
        self.slow.set()
        programs = Programs(page=self.page, store=store, read_example=self._read_example)
        self.worker = FakeProcess(can_interrupt=False)
        self.runs = Runs(page=self.page, create=lambda: self.worker)

        async def build_page(title: str, code: str) -> str:
            await self.slow.wait()
            return f"{title}: {code}"

        self.controller = PythonController(
            page=self.page, programs=programs, runs=self.runs, build_page=build_page
        )

    async def _read_example(self, name: str) -> str:
        if name == "typed":
            await self.slow.wait()
        if name in self.missing:
            raise OSError("no connection")
        return await read_example(name)

    async def visit(self, address: str = "#/python") -> None:
        self.controller.visit(address)
        await self.controller.settled()

    async def type(self, code: str, *, wait: bool = True) -> None:
        self.page.program = code
        self.controller.edit()
        self.controller.leave()
        if wait:
            await self.controller.settled()


async def test_edited_example_is_kept_as_a_program_of_the_visitor() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()
    page = desk.page
    assert (page.program, page.name, page.menu) == ("# hello\n", None, [])
    await desk.type("print('mine')")
    assert desk.page.name == "Hello, model (mine)"
    desk.controller.rename("  My own ")
    desk.controller.choose("typed")
    await desk.controller.settled()
    assert desk.page.program == "# typed\n"
    assert desk.page.menu == ["My own"]
    later = Desk(store)
    await later.visit()
    assert later.page.chosen == "typed"
    (kept,) = await store.read_all("programs")
    later.controller.choose(kept["id"])
    await later.controller.settled()
    assert (later.page.program, later.page.name) == ("print('mine')", "My own")
    again = Desk(store)
    await again.visit()
    assert again.page.program == "print('mine')"


async def two_tabs(store: FakeStore) -> tuple[Desk, Desk]:
    """Return two visits at a time, with the same two programs, of which both show the second."""
    desk = Desk(store)
    await desk.visit()
    await desk.type("x = 1")
    desk.controller.press("new")
    await desk.type("y = 1")
    other = Desk(store)
    await other.visit()
    return desk, other


async def test_what_another_tab_has_made_of_the_programs_is_shown_on_return() -> None:
    store = FakeStore()
    desk, other = await two_tabs(store)
    assert other.page.program == "y = 1"
    await desk.type("y = 2")
    desk.controller.rename("Mine")
    await desk.controller.settled()
    other.controller.refresh()
    await other.controller.settled()
    assert (other.page.program, other.page.name) == ("y = 2", "Mine")
    assert sorted(other.page.menu) == ["Hello, model (mine)", "Mine"]
    # What is typed at that moment is newer.
    other.page.program = "y = 3"
    other.controller.edit()
    other.controller.refresh()
    await other.type("y = 4")
    assert other.page.program == "y = 4"
    assert {record["code"] for record in await store.read_all("programs")} == {"x = 1", "y = 4"}


async def test_program_that_another_tab_has_deleted_leaves_the_menu_unless_it_is_open() -> None:
    store = FakeStore()
    desk, other = await two_tabs(store)
    for _program in range(2):
        desk.controller.press("delete")
        desk.controller.press("delete")
        await desk.controller.settled()
        (left,) = {record["id"] for record in await store.read_all("programs")} or {""}
        desk.controller.choose(left or "hello")
        await desk.controller.settled()
    other.controller.refresh()
    await other.controller.settled()
    assert (other.page.program, other.page.menu) == ("y = 1", ["My program"])
    assert desk.page.menu == []
    # The deletion is not undone by a look, but by going on.
    assert await store.read_all("programs") == []
    await other.type("y = 2")
    desk.controller.refresh()
    await desk.controller.settled()
    assert desk.page.menu == ["My program"]


async def test_run_waits_for_the_program_that_was_chosen() -> None:
    desk = Desk(FakeStore())
    await desk.visit()
    desk.page.append_note("of the last run")
    desk.slow.clear()
    desk.controller.choose("typed")
    desk.controller.press("run")
    # What the run before it has shown is not taken for this one's.
    assert "Fetching" in desk.page.screen.status
    assert desk.page.output == []
    assert desk.worker.sent == []
    # A second press is late.
    desk.controller.press("run")
    desk.slow.set()
    await desk.controller.settled()
    desk.worker.say(started="3.14.2", seconds=1)
    assert desk.worker.sent == [{"run": "# typed\n", "isReady": False}]


async def test_run_of_a_chosen_program_is_stopped_or_given_up_with_the_choice() -> None:
    desk = Desk(FakeStore())
    await desk.visit()
    actions: tuple[Callable[[], object], ...] = (
        lambda: desk.controller.press("stop"),
        lambda: desk.controller.choose("hello"),
        lambda: desk.controller.press("new"),
        lambda: desk.missing.add("typed"),
    )
    for action in actions:
        desk.slow.clear()
        desk.controller.choose("typed")
        desk.controller.press("run")
        assert desk.page.screen.can_stop
        action()
        desk.slow.set()
        await desk.controller.settled()
        assert desk.page.screen == view.idle()
        assert desk.worker.sent == []


async def test_last_choice_wins_and_the_menu_shows_what_the_editor_has() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()
    desk.slow.clear()
    desk.controller.choose("typed")
    desk.controller.choose("tools")
    await timers()
    desk.slow.set()
    await desk.controller.settled()
    assert (desk.page.program, desk.page.chosen) == ("# tools\n", "tools")
    # What is typed meanwhile is a program of the visitor, and stays in the editor.
    desk.slow.clear()
    desk.controller.choose("typed")
    await desk.type("x = 1", wait=False)
    desk.slow.set()
    await desk.controller.settled()
    assert desk.page.program == "x = 1"
    assert [record["code"] for record in await store.read_all("programs")] == ["x = 1"]
    # An edit of a program of the visitor is kept when the choice goes on.
    desk.slow.clear()
    desk.controller.choose("typed")
    desk.page.program = "x = 2"
    desk.controller.edit()
    desk.slow.set()
    await desk.controller.settled()
    assert desk.page.program == "# typed\n"
    assert [record["code"] for record in await store.read_all("programs")] == ["x = 2"]
    # An example that cannot be fetched is not chosen.
    desk.missing.add("plot")
    desk.page.chosen = "plot"
    desk.controller.choose("plot")
    await desk.controller.settled()
    assert "no connection" in desk.page.notice
    assert (desk.page.program, desk.page.chosen) == ("# typed\n", "typed")


async def test_tools_of_a_program_are_kept_with_it() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()

    async def run(*tools: str) -> list[dict[str, Any]]:
        desk.controller.press("run")
        if desk.runs.screen.state == "starting":
            desk.worker.say(started="3.14.2", seconds=1)
        desk.worker.say(tools=[tool(name) for name in tools])
        desk.worker.say(done=1, stopped=False)
        await desk.controller.settled()
        return await store.read_all("programs")

    # An example without tools stays one, and with tools becomes a program of the visitor.
    assert await run() == []
    (kept,) = await run("roll", "count")
    assert kept["tools"] == [tool("roll"), tool("count")]
    assert kept["tools_code"] == kept["code"] == "# hello\n"
    assert desk.page.menu == ["Hello, model (mine)"]
    assert "roll, count" in desk.page.notice
    # The example again: the same program.
    desk.controller.choose("hello")
    await desk.controller.settled()
    assert len(await run("roll", "count")) == 1
    desk.controller.choose(kept["id"])
    await desk.controller.settled()
    # Edited, it offers what it did until it is run again.
    await desk.type("x = 1")
    (kept,) = await store.read_all("programs")
    assert (kept["code"], kept["tools_code"]) == ("x = 1", "# hello\n")
    # Another program may be chosen while it runs.
    desk.controller.press("run")
    desk.controller.choose("typed")
    await desk.controller.settled()
    desk.worker.say(tools=[])
    desk.worker.say(done=1, stopped=False)
    await desk.controller.settled()
    (kept,) = await store.read_all("programs")
    assert (kept["tools"], kept["tools_code"]) == ([], "x = 1")
    assert desk.page.chosen == "typed"
    # One that was deleted while it ran stays deleted.
    desk.controller.choose(kept["id"])
    await desk.controller.settled()
    desk.controller.press("run")
    desk.controller.press("delete")
    desk.controller.press("delete")
    desk.worker.say(tools=[tool("roll"), {"function": {}}, "odd"])
    desk.worker.say(done=1, stopped=False)
    await desk.controller.settled()
    assert await store.read_all("programs") == []


def test_tools_in_what_a_program_sends_are_those_with_a_name() -> None:
    assert read_tools([tool("roll"), {"function": {}}, {}, "odd", None]) == [tool("roll")]
    assert read_tools("odd") == read_tools(None) == []


async def test_new_programs_are_kept_and_deleted_after_a_question() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()
    desk.controller.press("new")
    await desk.type("x = 1")
    assert [record["code"] for record in await store.read_all("programs")] == ["x = 1"]
    desk.controller.press("delete")
    await desk.controller.settled()
    assert "again" in desk.page.notice
    assert await store.read_all("programs")
    desk.controller.press("delete")
    await desk.controller.settled()
    assert await store.read_all("programs") == []
    assert desk.page.program == "# hello\n"


async def test_full_disk_is_said_and_nothing_typed_is_lost() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()
    store.is_full = True
    await desk.type("x = 2")
    assert "QuotaExceededError" in desk.page.notice
    assert desk.page.program == "x = 2"


async def test_shared_program_is_shown_and_not_run() -> None:
    store = FakeStore()
    desk = Desk(store)
    address = link.address_of("print('shared ä')\n")
    await desk.visit(address)
    assert desk.page.program == "print('shared ä')\n"
    assert "Read it before you run it" in desk.page.notice
    assert desk.runs.screen.state == "idle"
    assert await store.read_all("programs") == []
    # A second visit of the same address leaves what was edited meanwhile.
    await desk.type("print('changed')")
    await desk.visit(address)
    assert desk.page.program == "print('changed')"
    await desk.visit("#/python/code=%%%")
    assert "damaged" in desk.page.notice
    assert desk.page.program == "print('changed')"


async def test_program_that_is_written_before_the_others_are_read_is_kept() -> None:
    store = FakeStore()
    first = Desk(store)
    await first.visit()
    await first.type("x = 1")
    desk = Desk(store)
    store.answers.clear()
    desk.controller.visit("#/python")
    await store.until(lambda: store.is_awaited)
    desk.controller.press("new")
    await desk.type("y = 2", wait=False)
    store.answers.set()
    await desk.controller.settled()
    assert len(desk.page.menu) == 2
    codes = sorted(record["code"] for record in await store.read_all("programs"))
    assert codes == ["x = 1", "y = 2"]


async def test_share_and_save_take_what_is_in_the_editor() -> None:
    desk = Desk(FakeStore())
    await desk.visit()
    desk.page.program = "print('now')"
    desk.controller.press("share")
    (address,) = desk.page.shared
    assert link.code_in(address) == "print('now')"
    # The page's own link, when its address arrives as a visit, changes nothing.
    await desk.visit(address)
    assert desk.page.program == "print('now')"
    desk.controller.press("save")
    await desk.controller.settled()
    assert desk.page.downloads == [("index.html", "Hello, model: print('now')")]


async def test_double_click_saves_one_page_and_a_changed_program_another() -> None:
    desk = Desk(FakeStore())
    await desk.visit()
    desk.slow.clear()
    for code in ("print(1)", "print(1)", "print(2)"):
        desk.page.program = code
        desk.controller.press("save")
        await asyncio.sleep(0)
    desk.slow.set()
    await desk.controller.settled()
    assert [page for _, page in desk.page.downloads] == [
        "Hello, model: print(1)",
        "Hello, model: print(2)",
    ]
    desk.controller.press("save")
    await desk.controller.settled()
    assert len(desk.page.downloads) == 3


def test_link_refuses_what_is_damaged_or_too_long() -> None:
    assert link.code_in("#/python") is None
    code = "print('x')\n" * 300
    address = link.address_of(code)
    assert len(address) < 120
    assert link.code_in(address) == code
    packer = zlib.compressobj(wbits=-15)
    long = packer.compress(b"a" * (link.MAX_CODE + 1)) + packer.flush()
    for text in (address[:-9], "#/python/code=ä", link.PREFIX + urlsafe_b64encode(long).decode()):
        with pytest.raises(ValueError, match="damaged"):
            link.code_in(text)


def test_saved_page_holds_program_wheel_and_what_runs_it() -> None:
    code = 'print("</script>{{wheel}}")'
    page = saved_page.render("A <b> title", code, wheel=b"PK wheel", language="de")
    assert '<html lang="de">' in page
    assert "<title>A &lt;b&gt; title</title>" in page
    assert "UEsgd2hlZWw=" in page
    data = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert data is not None
    found = json.loads(data[1])
    assert found["code"] == code
    assert "class Runner" in found["sources"]["runner"]
    assert "{seconds}" in found["done"]
    # All modules that the others import are there.
    named = set(re.findall(r"^from \.(\w+) import", "\n".join(found["sources"].values()), re.M))
    assert named <= set(found["sources"])


def test_versions_agree() -> None:
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert package["dependencies"]["pyodide"] == saved_page.PYODIDE
    worker = (ROOT / "static/python/worker.js").read_text("utf-8")
    packages = (ROOT / "site_files/packages.py").read_text("utf-8")
    wheels = re.search(r'PYODIDE_WHEELS = \("micropip==([\d.]+)"', packages)
    assert wheels is not None
    assert f'"micropip-{wheels[1]}-py3-none-any.whl"' in worker


def test_every_example_has_a_file_and_a_title() -> None:
    files = {path.stem for path in (ROOT / "static/python/examples").glob("*.py")}
    texts = json.loads((ROOT / "app/page/texts/en.json").read_text("utf-8"))["python"]
    titles = {key.removeprefix("example.") for key in texts if key.startswith("example.")}
    assert files == set(EXAMPLES) == titles - {"missing"}


async def test_only_the_next_press_deletes_a_program() -> None:
    store = FakeStore()
    desk = Desk(store)
    await desk.visit()
    desk.controller.press("new")
    await desk.type("x = 1")
    actions: tuple[Callable[[], object], ...] = (
        lambda: desk.controller.press("share"),
        lambda: desk.controller.press("save"),
        lambda: desk.controller.press("run"),
        desk.controller.edit,
    )
    for action in actions:
        desk.controller.press("delete")
        assert "again" in desk.page.notice
        action()
        await desk.controller.settled()
        assert "again" not in desk.page.notice
        desk.controller.press("delete")
        await desk.controller.settled()
        assert "again" in desk.page.notice
        assert len(await store.read_all("programs")) == 1
        desk.controller.edit()
    desk.controller.press("delete")
    desk.controller.press("delete")
    await desk.controller.settled()
    assert await store.read_all("programs") == []


async def test_error_and_question_of_a_program_are_not_those_of_the_next() -> None:
    desk = Desk(FakeStore())
    await desk.visit()
    desk.controller.press("run")
    desk.worker.say(started="3.14.2", seconds=1)
    desk.controller.choose("tools")
    await desk.controller.settled()
    desk.worker.say(fault={"title": "ValueError: x", "trace": "Traceback…", "line": 3})
    desk.worker.say(done=1, stopped=False)
    assert ("err", "Traceback…\n") in desk.page.output
    assert desk.page.marked == []
    actions: tuple[Callable[[], object], ...] = (
        lambda: desk.controller.choose("hello"),
        lambda: desk.controller.press("new"),
    )
    for action in actions:
        desk.controller.press("run")
        desk.worker.say(needs=["pygal"])
        assert desk.runs.screen.question
        action()
        await desk.controller.settled()
        assert not desk.runs.screen.question
        assert desk.runs.screen.can_run
