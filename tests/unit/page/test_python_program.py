"""What runs the visitor's programs: output, values, errors, stopping, packages."""

from __future__ import annotations

import asyncio
import base64
import builtins
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from page.python.program.display import MAX_ROWS, part_of
from page.python.program.packages import declared, imported, needed
from page.python.program.runner import Runner
from page.python.program.writer import LIMIT

pytestmark = pytest.mark.timeout(20)


@pytest.fixture(autouse=True)
def unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program replaces `__main__` and `input`, as it does in its own worker."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(builtins, "input", builtins.input)


async def messages_of(code: str) -> list[dict[str, Any]]:
    sent: list[str] = []
    await Runner(sent.append).run(code)
    return [json.loads(text) for text in sent]


def said(messages: list[dict[str, Any]], key: str) -> str:
    return "".join(message[key] for message in messages if key in message)


async def test_program_prints_awaits_and_shows_its_last_value() -> None:
    found = await messages_of(
        "import asyncio, sys\nprint('one')\nawait asyncio.sleep(0)\n"
        "print('two', file=sys.stderr)\n[{'a': 1, 'b': 2.5}, {'a': 3}]"
    )
    assert said(found, "out") == "one\n"
    assert said(found, "err") == "two\n"
    (shown,) = (message["show"] for message in found if "show" in message)
    assert shown == {"columns": ["a", "b"], "rows": [["1", "2.5"], ["3", ""]], "more": 0}
    assert found[-1]["stopped"] is False
    assert found[-1]["done"] >= 0


async def test_each_run_begins_with_fresh_names_and_resolves_its_annotations() -> None:
    runner_messages = await messages_of(
        "from __future__ import annotations\nimport typing\nfrom dataclasses import dataclass\n"
        "class A: pass\n@dataclass\nclass B:\n    a: A\nprint(typing.get_type_hints(B)['a'] is A)"
    )
    assert said(runner_messages, "out") == "True\n"
    found = await messages_of("B")
    assert found[0]["fault"]["title"].startswith("NameError")


async def test_error_names_its_line_and_leaves_out_what_runs_the_program() -> None:
    found = await messages_of("def f(x):\n    return 1 / x\n\nf(0)\n")
    fault = found[0]["fault"]
    assert fault["line"] == 2
    assert fault["title"] == "ZeroDivisionError: division by zero"
    assert "return 1 / x" in fault["trace"]
    assert "runner.py" not in fault["trace"]
    broken = (await messages_of("x = 1\nif x\n"))[0]["fault"]
    assert broken["line"] == 2
    assert "SyntaxError" in broken["title"]


async def test_error_of_a_library_is_marked_at_the_program_s_line() -> None:
    fault = (await messages_of("import json\n\njson.loads('{')\n"))[0]["fault"]
    assert fault["line"] == 3
    assert "json" in fault["trace"]


async def test_exit_and_input_say_what_they_mean() -> None:
    assert said(await messages_of("raise SystemExit('over')"), "err") == "over\n"
    assert "fault" not in str(await messages_of("import sys; sys.exit(0)"))
    fault = (await messages_of("input('Name? ')"))[0]["fault"]
    assert "Name? " in fault["title"]


async def test_stop_ends_a_program_that_waits_with_the_tasks_that_it_left() -> None:
    sent: list[dict[str, Any]] = []
    runner = Runner(lambda text: sent.append(json.loads(text)))
    code = (
        "import asyncio\n"
        "async def forever():\n"
        "    try:\n"
        "        await asyncio.Event().wait()\n"
        "    finally:\n"
        "        print('left')\n"
        "asyncio.ensure_future(forever())\n"
        "await asyncio.sleep(0)\n"
        "print('waits')\n"
        "await asyncio.Event().wait()\n"
    )
    running = asyncio.ensure_future(runner.run(code))
    for _ in range(20):  # steps of the event loop, until the program waits
        await asyncio.sleep(0)
    runner.stop()
    await running
    assert {"stopping": True} in sent
    assert said(sent, "out") == "waits\nleft\n"
    assert sent[-1]["stopped"] is True


async def test_cancelled_error_of_the_program_itself_is_an_error() -> None:
    code = "import asyncio\nt = asyncio.ensure_future(asyncio.sleep(9))\nt.cancel()\nawait t"
    found = await messages_of(code)
    assert "CancelledError" in found[0]["fault"]["title"]
    assert found[-1]["stopped"] is False


async def test_interrupt_is_a_stop() -> None:
    found = await messages_of("raise KeyboardInterrupt")
    assert found[-1]["stopped"] is True


async def test_output_without_end_is_cut_in_few_messages() -> None:
    found = await messages_of(f"for i in range({LIMIT}):\n    print('x' * 9)")
    assert len(said(found, "out")) == LIMIT
    assert {"full": True} in found
    assert len(found) < 200


@dataclass
class Point:
    x: int
    name: str


class Drawn:
    def _repr_svg_(self) -> str:
        return "<svg></svg>"


class Hostile:
    def _repr_html_(self) -> str:
        return "<script>alert(1)</script>"


def test_values_become_text_pictures_and_tables() -> None:
    assert part_of("hello") == {"text": "hello"}
    assert part_of({"a": 1}) == {"text": "{'a': 1}"}
    assert part_of([1, 2]) == {"text": "[1, 2]"}
    table = part_of([Point(1, "one"), Point(2, "two")])
    assert table["columns"] == ["x", "name"]
    assert table["rows"] == [["1", "one"], ["2", "two"]]
    picture = part_of(Drawn())
    assert base64.b64decode(picture["image"]) == b"<svg></svg>"
    assert picture["type"] == "image/svg+xml"
    # Markup of a value is never used.
    assert "text" in part_of(Hostile())
    assert part_of(Drawn)["text"].startswith("<class")
    many = part_of([{"n": n} for n in range(MAX_ROWS + 5)])
    assert (len(many["rows"]), many["more"]) == (MAX_ROWS, 5)


class Frame:
    """The parts of a pandas data frame that are used."""

    columns = ("name", "size")

    def itertuples(self, *, name: None) -> Iterator[tuple[Any, ...]]:
        del name
        return iter([(0, "a", 1.0), (1, "b", 0.123456789)])


class Figure:
    """The part of a matplotlib figure that is used."""

    def savefig(self, file: Any, **options: object) -> None:
        assert options["format"] == "png"
        file.write(b"png")


def test_data_frames_and_figures_are_known_by_their_methods() -> None:
    frame = part_of(Frame())
    assert frame["columns"] == ["", "name", "size"]
    assert frame["rows"] == [["0", "a", "1"], ["1", "b", "0.123457"]]
    assert base64.b64decode(part_of(Figure())["image"]) == b"png"


SCRIPT = """# /// script
# dependencies = ["pydantic-ai-slim", "openai>=3"]
# ///
import missing_one, json
from missing_two.part import x
await x
"""


def test_packages_are_what_the_imports_miss_or_the_program_declares() -> None:
    assert imported(SCRIPT) == ["missing_one", "json", "missing_two"]
    assert needed(SCRIPT, {}) == declared(SCRIPT) == ["pydantic-ai-slim", "openai>=3"]
    # Declared, and imported by another package only: pytest is here, the other is not.
    block = SCRIPT.partition("import")[0]
    assert needed(block, {}) == ["pydantic-ai-slim", "openai>=3"]
    assert needed(block.replace("pydantic-ai-slim", "pytest").replace("openai", "ruff"), {}) == []
    plain = SCRIPT.partition("///\n")[2]
    assert needed(plain, {"missing_one": "One"}) == ["One", "missing-two"]
    assert needed("import json\nfrom . import x", {}) == []
    assert needed("import broken +", {}) == []
    assert declared("# /// script\n# dependencies = 3\n# ///\n") == []
    assert declared("# /// script\n# dependencies = [\n# ///\n") == []


TOOLS = """
from dataclasses import dataclass

print("defined")
calls = 0

@dataclass
class Place:
    name: str

@chat_tool
def visit(place: Place, times: int = 1) -> list[str]:
    '''Visit a place.'''
    global calls
    calls += 1
    print("called", calls)
    return [place.name] * times

@chat_tool
async def fail() -> None:
    raise ValueError("no")
"""


class Desk:
    """A runner, and what it has sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.runner = Runner(lambda text: self.sent.append(json.loads(text)))

    async def call(self, code: str, name: str, arguments: str) -> list[dict[str, Any]]:
        self.sent.clear()
        await self.runner.call(code, name, arguments)
        return self.sent


async def test_program_offers_functions_to_the_chat() -> None:
    (found,) = (message["tools"] for message in await messages_of(TOOLS) if "tools" in message)
    assert [tool["function"]["name"] for tool in found] == ["visit", "fail"]
    assert found[0]["function"]["description"] == "Visit a place."
    assert found[0]["function"]["parameters"]["required"] == ["place"]
    # Another program has none of them, and one that fails offers nothing.
    assert {"tools": []} in await messages_of("x = 1")
    failed = await messages_of(TOOLS + "1 / 0")
    assert all("tools" not in message for message in failed)
    fault = (await messages_of("x = 1\n@chat_tool\ndef f(a): ..."))[0]["fault"]
    assert "has no annotation" in fault["title"]
    assert fault["line"] == 2


async def test_tool_is_called_in_its_program_which_runs_once() -> None:
    desk = Desk()
    arguments = '{"place": {"name": "Bath"}, "times": 2}'
    found = await desk.call(TOOLS, "visit", arguments)
    assert {"result": '["Bath", "Bath"]'} in found
    assert said(found, "out") == "defined\ncalled 1\n"
    assert found[-1]["stopped"] is False
    assert said(await desk.call(TOOLS, "visit", arguments), "out") == "called 2\n"
    # After another program it begins again.
    await desk.runner.run("x = 1")
    assert said(await desk.call(TOOLS, "visit", arguments), "out") == "defined\ncalled 1\n"


async def test_tool_that_fails_is_an_error_for_the_model() -> None:
    desk = Desk()
    assert {"result": "Error: ValueError: no"} in await desk.call(TOOLS, "fail", "{}")
    (result,) = (m["result"] for m in await desk.call(TOOLS, "visit", "{}") if "result" in m)
    assert result.startswith("Error: ")
    (result,) = (m["result"] for m in await desk.call(TOOLS, "gone", "{}") if "result" in m)
    assert "no tool 'gone'" in result
    broken = await desk.call("1 / 0", "visit", "{}")
    assert "ZeroDivisionError" in str(broken)
    assert all("result" not in message for message in broken)


async def test_stop_ends_a_tool_that_waits() -> None:
    desk = Desk()
    code = "import asyncio\n@chat_tool\nasync def wait() -> None:\n    await asyncio.Event().wait()"
    running = asyncio.ensure_future(desk.runner.call(code, "wait", "{}"))
    for _ in range(20):  # steps of the event loop, until the tool waits
        await asyncio.sleep(0)
    desk.runner.stop()
    await running
    assert desk.sent[-1]["stopped"] is True
    assert all("result" not in message for message in desk.sent)
