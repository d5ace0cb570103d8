"""The chat view, as a visitor uses it, with the real engine."""

from __future__ import annotations

import http.server
import json
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser.axe import problems
from tests.browser.watch import PageWatch
from tests.contexts import new_context

CHAT = "?engine=webllm#/chat"
ADA = "Name: Ada. Age: 36. Interests: chess"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def context(shared_context: BrowserContext) -> BrowserContext:
    """One profile for all tests: the model is loaded once."""
    return shared_context


def open_chat(page: Page, site: str) -> None:
    page.goto(site + CHAT)
    expect(page.get_by_role("button", name="Send")).to_be_enabled()


def send(page: Page, words: str) -> None:
    page.get_by_label("Your message").fill(words)
    page.get_by_label("Your message").press("Enter")


def messages(page: Page) -> Locator:
    return page.get_by_role("log").get_by_role("article")


def await_answer(page: Page) -> str:
    """Wait until the last message is a finished answer; return its text."""
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    last = messages(page).last
    expect(last.get_by_text(re.compile(r"\d tokens"))).to_be_visible()
    return last.locator(".text").inner_text()


def check_looks(page: Page) -> None:
    """No problem for a screen reader, in either theme, and nothing is clipped on a phone."""
    page.set_viewport_size({"width": 390, "height": 800})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert problems(page, "#chat") == []
    assert page.evaluate(OVERFLOW) == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    assert page.evaluate(OVERFLOW) == 0


def import_messages(page: Page, found: object) -> None:
    content = json.dumps(found).encode()
    file: Any = {"name": "import.json", "mimeType": "application/json", "buffer": content}
    page.get_by_label("Import").set_input_files(file)


def test_conversation_streams_branches_and_is_found_after_a_reload(
    page: Page, site: str, watch: PageWatch
) -> None:
    open_chat(page, site)
    send(page, ADA)
    first = await_answer(page)
    assert "Ada" in first
    expect(page.get_by_text(re.compile(r"^Context: \d+ of 1,024 tokens$"))).to_be_visible()

    # Another version of the answer; the first is still there.
    messages(page).last.get_by_role("button", name="Write again").click()
    expect(messages(page).last).to_contain_text("2/2")
    await_answer(page)
    messages(page).last.get_by_role("button", name="Previous version").click()
    expect(messages(page).last).to_contain_text("1/2")
    assert messages(page).last.locator(".text").inner_text() == first

    # An edited message begins another branch.
    messages(page).first.get_by_role("button", name="Edit").click()
    page.get_by_label("Edit the message").fill("Name: Ottilie. Age: 50")
    # A look at another conversation does not lose it.
    page.get_by_role("link", name="New conversation").click()
    expect(messages(page)).to_have_count(0)
    page.locator("#chat-list a").first.click()
    expect(page.get_by_label("Edit the message")).to_have_value("Name: Ottilie. Age: 50")
    page.get_by_role("button", name="Save as new version").click()
    expect(messages(page).first).to_contain_text("2/2")
    expect(page.get_by_label("Edit the message")).to_have_count(0)
    assert "Ottilie" in await_answer(page)
    check_looks(page)

    page.reload()
    expect(messages(page).last.locator(".text")).to_contain_text("Ottilie")
    expect(messages(page).first).to_contain_text("2/2")
    messages(page).first.get_by_role("button", name="Previous version").click()
    expect(messages(page).last.locator(".text")).to_have_text(first)

    # And it goes on: an answer is stopped by a key, and continued.
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    send(page, "Name: Bruno. Age: 40")
    expect(messages(page)).to_have_count(4)
    answer = messages(page).last.locator(".text")
    expect(answer).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    page.keyboard.press("Escape")
    expect(messages(page).last).to_contain_text("Stopped before its end.")
    begun = answer.inner_text()
    messages(page).last.get_by_role("button", name="Continue").click()
    whole = await_answer(page)
    assert whole.startswith(begun)
    assert len(whole) > len(begun)
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}


def test_what_two_tabs_add_to_a_conversation_is_kept(page: Page, site: str) -> None:
    open_chat(page, site)
    send(page, ADA)
    await_answer(page)
    with page.context.new_page() as other:
        other.goto(page.url)
        expect(messages(other)).to_have_count(2)
        send(page, "What does Bruno like?")
        await_answer(page)
        expect(other.get_by_role("button", name="Send")).to_be_enabled()
        send(other, "What does Carla like?")
        await_answer(other)
    page.reload()
    expect(messages(page)).to_have_count(4)
    expect(messages(page).nth(2)).to_contain_text("Carla")
    messages(page).nth(2).get_by_role("button", name="Previous version").click()
    expect(messages(page).nth(2)).to_contain_text("Bruno")
    expect(messages(page)).to_have_count(4)


def test_answer_of_a_closed_tab_is_found_whole(chromium: Browser, site: str) -> None:
    # A profile of its own: with the tab its engine ends too.
    context = new_context(chromium)
    page = context.new_page()
    open_chat(page, site)
    send(page, ADA)
    answer = messages(page).last.locator(".text")
    expect(answer).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    expect(page.get_by_role("complementary").get_by_role("link", name=ADA)).to_be_visible()
    begun, address = answer.inner_text(), page.url
    page.close()
    again = context.new_page()
    again.goto(address)
    whole = await_answer(again)
    assert whole.startswith(begun)
    assert len(whole) > len(begun)
    context.close()


BLOCKS = """# Title

Some *words* here.

```py
x = 1

y = 2
```

- a
- b

| a |
|---|
| 1 |

"""

STREAM = """async (text) => {
  const {writer} = await import(new URL("libraries/markdown.js", document.baseURI));
  const begin = () => {
    const element = document.createElement("div");
    document.body.append(element);
    return [element, writer(element)];
  };
  const [element, stream] = begin();
  const removed = [];
  new MutationObserver((records) => {
    for (const {removedNodes} of records) removed.push(...[...removedNodes].map((node) => node.textContent.length));
  }).observe(element, {childList: true});
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => setTimeout(resolve))));
  for (let at = 0; at < text.length; at += 97) {
    stream.append(text.slice(at, at + 97));
    await frame();
  }
  stream.finish();
  while (element.dataset.rendered !== "true") await frame();
  const [whole, once] = begin();
  once.append(text);
  once.finish();
  while (whole.dataset.rendered !== "true") await frame();
  const same = whole.innerHTML === element.innerHTML;
  return {same, blocks: element.children.length, longest: Math.max(...removed)};
}"""  # noqa: E501 - JavaScript


def check_streaming(page: Page) -> None:
    """Complete blocks of streamed Markdown are rendered once, and look as if they came at once."""
    found = page.evaluate(STREAM, BLOCKS * 20)
    assert found["same"], "a streamed text looks different from one that was there at once"
    assert found["blocks"] == 100
    # Only the block that was not complete was rendered again.
    assert found["longest"] < 100


MARK = "globalThis.touched=1"
ANSWER = f"""# A <b onclick={MARK}>b</b>

[link](javascript:{MARK}) <javascript:{MARK}> ![image](https://example.com/i.png)

<svg onload={MARK}></svg> [fine](https://example.com/)

$\\href{{javascript:{MARK}}}{{x}}$ and $x^2$

```py
print('<b>')
```
"""
HOSTILE = [
    {"role": "user", "content": f"<img src=x onerror={MARK}> <script>{MARK}</script>"},
    {"role": "assistant", "content": ANSWER},
    {"role": "user", "content": "w" * 100_000},
    {"role": "assistant", "content": "**" * 50_000},
]
MANY = [
    {
        "role": "user" if number % 2 == 0 else "assistant",
        "content": f"## Message {number}\n\nSome *words*.\n\n- one\n- two\n\n"
        + "More words. " * 12,
    }
    for number in range(500)
]


def nested(levels: int) -> list[Any]:
    """Return lists in each other."""
    found: list[Any] = []
    for _ in range(levels - 1):
        found = [found]
    return found


def check_list(page: Page) -> None:
    """The title that is edited is that of one conversation; a wide list is never folded."""
    other = page.locator("#chat-list a:not([aria-current])").first
    page.locator("#chat-rename").click()
    expect(page.locator("#chat-rename-form")).to_be_visible()
    other.click()
    expect(page.locator("#chat-rename-form")).to_be_hidden()
    expect(page.locator("#chat-name")).to_be_visible()
    width, height = 1280, 720
    page.set_viewport_size({"width": 390, "height": height})
    other.click()
    expect(other).to_be_hidden()
    page.set_viewport_size({"width": width, "height": height})
    expect(other).to_be_visible()


def test_hostile_text_is_harmless_and_long_conversations_stay_light(
    page: Page, site: str, watch: PageWatch
) -> None:
    page.goto(site + CHAT)
    # Before Python is there: the file is read once it is.
    import_messages(page, {"messages": HOSTILE})
    expect(messages(page)).to_have_count(4)
    expect(messages(page).last.locator(".text")).to_have_attribute("data-rendered", "true")
    # Each message is rendered by itself.
    links = page.locator("article a")
    expect(links).to_have_count(2)
    addresses = links.evaluate_all("all => all.map(({href}) => href)")
    assert addresses == ["https://example.com/i.png", "https://example.com/"]
    assert page.locator("article :is(img, script, svg, b, iframe, form, input)").count() == 0
    expect(page.locator("article math")).to_have_count(1)
    page.get_by_role("log").get_by_role("button", name="Copy").first.focus()
    assert page.evaluate("globalThis.touched") is None
    check_looks(page)
    check_streaming(page)
    # Much deeper, the file would end Python: it is refused before it is read.
    import_messages(page, nested(600))
    expect(page.locator("#chat-list-problem")).to_contain_text("more than 500 levels")

    import_messages(page, MANY)
    expect(messages(page)).to_have_count(500)
    for message in (messages(page).first, messages(page).last):
        expect(message.locator(".text")).to_have_attribute("data-rendered", "true")
    expect(messages(page).last).to_be_in_viewport()
    # An answer changes its own message, and no other.
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.evaluate(
        """() => {
          globalThis.changed = new Set();
          const log = document.querySelector("[role=log]");
          new MutationObserver((records) => {
            for (const {target} of records) changed.add(target.closest?.("article")?.dataset.id);
          }).observe(log, {childList: true, subtree: true});
        }"""
    )
    send(page, ADA)
    # The built-in model cannot read as much, and says so in place.
    expect(messages(page).last).to_contain_text("context window")
    assert page.evaluate("changed.size") <= 3
    check_list(page)
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}


class _Shared(http.server.BaseHTTPRequestHandler):
    """Answers any page of any site."""

    def do_GET(self) -> None:
        body = b"The harbor opens at nine."
        self.send_response(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """Serve a text from another origin, for any page."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Shared) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# Tokens for a call of a tool; the built-in model writes on until it is stopped.
ENOUGH = 80


def asking(name: str, arguments: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return an export in which the model has asked for a tool."""
    calls = [
        {"id": f"call{number}", "name": name, "arguments": json.dumps(given), "state": "asked"}
        for number, given in enumerate(arguments)
    ]
    question = {"id": "1", "parent": "", "role": "user", "text": "Look at it."}
    answer = {"id": "2", "parent": "1", "role": "assistant", "calls": calls}
    conversation = {
        "id": "1",
        "title": "Asked",
        "messages": [question, answer],
        "settings": {"max_tokens": ENOUGH},
    }
    return {"format": "pywebllm-conversations", "version": 1, "conversations": [conversation]}


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 18, "maximum": 99},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


def check_typed_answers(page: Page) -> None:
    """Answers follow a schema that the visitor writes, and are shown as a table."""
    page.get_by_role("link", name="New conversation").click()
    expect(page.get_by_label("Clock")).not_to_be_checked()
    schema = page.get_by_label("JSON Schema")
    check = page.get_by_role("button", name="Check the schema")
    schema.fill('{"type": "object",')
    check.click()
    expect(page.get_by_text(re.compile("not valid JSON.*line 1"))).to_be_visible()
    schema.fill('{"type": "thing"}')
    check.click()
    expect(page.get_by_role("alert").filter(has_text="type")).to_be_visible()
    schema.fill(json.dumps(SCHEMA))
    check.click()
    expect(page.get_by_text("Answers can follow this schema.")).to_be_visible()
    page.get_by_label("Answer as JSON that fits a schema").check()
    check_looks(page)
    send(page, ADA)
    await_answer(page)
    table = messages(page).last.get_by_role("table")
    expect(table.get_by_role("rowheader")).to_have_text(["name", "age"])
    age = table.get_by_role("cell").last.inner_text()
    assert 18 <= int(age) <= 99
    messages(page).last.get_by_role("button", name="Show as JSON").click()
    expect(table).to_be_hidden()
    value = json.loads(messages(page).last.locator("pre code").inner_text())
    assert value["age"] == int(age)
    # The settings belong to the conversation.
    page.reload()
    page.get_by_text("Settings of this conversation").click()
    expect(page.get_by_label("JSON Schema")).to_have_value(json.dumps(SCHEMA))


def test_tools_run_only_when_they_are_allowed_and_answers_are_typed(
    page: Page, site: str, watch: PageWatch, elsewhere: str
) -> None:
    open_chat(page, site)
    page.get_by_text("Settings of this conversation").click()
    page.get_by_label("Clock").check()
    page.get_by_label("Each answer begins with a tool").check()
    page.get_by_label("Most tokens").fill(str(ENOUGH))
    send(page, "What time is it?")
    call = page.get_by_role("log").locator(".call")
    expect(call.get_by_role("heading")).to_have_text("The model asks for: Clock")
    expect(call.get_by_text("Result")).to_be_hidden()
    check_looks(page)
    call.get_by_role("button", name="Allow").click()
    expect(call).to_contain_text("Done.")
    call.get_by_text("Result").click()
    expect(call).to_contain_text(re.compile(r"20\d\d, \d\d:\d\d"))
    await_answer(page)
    expect(messages(page)).to_have_count(3)

    # An address outside is asked for once it is allowed, and only that one.
    import_messages(
        page, asking("read_address", [{"address": f"{elsewhere}/{n}"} for n in ("one", "two")])
    )
    calls = page.get_by_role("log").locator(".call")
    expect(calls).to_have_count(2)
    expect(calls.first).to_contain_text(f"{elsewhere}/one")
    assert watch.origins() == {site.rstrip("/")}
    calls.last.get_by_role("button", name="Refuse").click()
    expect(calls.last).to_contain_text("Refused.")
    calls.first.get_by_role("button", name="Allow").click()
    expect(calls.first).to_contain_text("The harbor opens at nine.")
    assert [url for url in watch.requests if url.startswith(elsewhere)] == [f"{elsewhere}/one"]
    await_answer(page)
    check_typed_answers(page)
    assert watch.errors == []


OWN_TOOLS = """from typing import Literal

@chat_tool
def population(city: Literal["Leeds", "York"]) -> int:
    '''Return how many people live in a city.'''
    print("asked for", city)
    return {"Leeds": 536280, "York": 141685}[city]

@chat_tool
def forever() -> None:
    while True:
        pass
"""


def write_tools(page: Page, site: str) -> None:
    """Offer functions of a program to the chat, in the Python view."""
    page.goto(f"{site}?engine=webllm#/python")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()
    page.get_by_role("textbox", name="Program", exact=True).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(OWN_TOOLS)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#program-notice")).to_contain_text("population, forever")


def test_functions_of_the_visitor_are_tools_that_stop_and_are_kept(
    page: Page, site: str, watch: PageWatch
) -> None:
    write_tools(page, site)
    # They are there after a reload, without a run.
    page.goto(site + CHAT)
    page.reload()
    page.get_by_text("Settings of this conversation").click()
    page.get_by_label("population (your own)").check()
    page.get_by_label("Each answer begins with a tool").check()
    page.get_by_label("Most tokens").fill(str(ENOUGH))
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    send(page, "How many people live in York?")
    call = page.get_by_role("log").locator(".call")
    expect(call.get_by_role("heading")).to_have_text("The model asks for: population (your own)")
    call.get_by_role("button", name="Allow").click()
    expect(call).to_contain_text("Done.")
    call.get_by_text("Result").click()
    expect(call).to_contain_text(re.compile("536280|141685"))
    await_answer(page)

    # One that never waits blocks neither the page nor the Stop button.
    import_messages(page, asking("forever", [{}]))
    expect(call.get_by_role("heading")).to_have_text("The model asks for: forever (your own)")
    call.get_by_role("button", name="Allow").click()
    expect(call).to_contain_text("Running…")
    page.get_by_role("button", name="Stop").click()
    expect(call).to_contain_text("It failed")
    await_answer(page)
    page.get_by_role("link", name="Python", exact=True).first.click()
    expect(page.locator("#program-status")).to_contain_text("Stopped")
    expect(page.get_by_role("log", name="Output")).to_contain_text("asked for")
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}


def test_conversations_are_searched_renamed_exported_deleted_and_imported(
    page: Page, site: str, tmp_path: Path, watch: PageWatch
) -> None:
    page.goto(site + CHAT)
    expect(page.get_by_text("Nothing is kept yet.")).to_be_visible()
    listed = page.get_by_role("complementary").get_by_role("listitem")
    for words in ("the blue door", "a red lamp"):
        import_messages(page, [{"role": "user", "content": f"Where is {words}?"}])
        expect(listed.filter(has_text=words)).to_be_visible()
    expect(listed).to_have_count(2)
    page.get_by_label("Search conversations").fill("DOOR")
    expect(listed).to_have_text(["Where is the blue door?"])
    listed.get_by_role("link").click()
    expect(messages(page)).to_contain_text(["Where is the blue door?"])
    page.get_by_label("Search conversations").fill("")
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Name of the conversation").fill("Doors")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Doors")).to_be_visible()

    exported = {}
    for name in ("Markdown", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Export as {name}").click()
        exported[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(exported[name])
    assert (
        exported["Markdown"].read_text("utf-8") == "# Doors\n\n## You\n\nWhere is the blue door?\n"
    )

    # Deleted, brought back, deleted for good, and imported again.
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Doors” was deleted.")).to_be_visible()
    expect(listed).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(listed).to_have_count(2)
    page.get_by_role("button", name="Delete").click()
    expect(listed).to_have_count(1)
    page.reload()
    expect(listed).to_have_text(["Where is a red lamp?"])
    for file in exported.values():
        page.get_by_label("Import").set_input_files(file)
        expect(page.get_by_role("heading", name="Doors")).to_be_visible()
        expect(messages(page)).to_contain_text(["Where is the blue door?"])
    expect(listed).to_have_count(3)
    page.get_by_label("Import").set_input_files(
        {"name": "no.json", "mimeType": "application/json", "buffer": b"{"}
    )
    expect(page.get_by_role("alert")).to_contain_text("not valid JSON")
    assert watch.errors == []
