"""The models view, as a visitor uses it, with the real engine and the real files."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from model.browser.gguf import write_gguf
from model.browser.site import ROOT
from tests.browser.axe import clipped, problems
from tests.browser.shipped import REVISION
from tests.browser.starting import ENGINE_LOADED, Hold
from tests.browser.watch import PageWatch

MODEL = "pywebllm-persona-q4f32_1"
SHARD = "**/params_shard_*"

DAMAGE = """async () => {
  const cache = await caches.open("webllm/model");
  const url = (await cache.keys()).map(({url}) => url).find(url => url.includes("params_shard"));
  const response = await cache.match(url);
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[bytes.length / 2] ^= 255;
  await cache.put(url, new Response(bytes, {headers: response.headers}));
}"""


def row_of(page: Page, model: str) -> Locator:
    heading = page.get_by_role("heading", name=model, exact=True)
    return page.get_by_role("listitem").filter(has=heading)


def press(row: Locator, name: str) -> None:
    """Press a button by keyboard."""
    button = row.get_by_role("button", name=name)
    button.focus()
    button.press("Enter")


def download_and_use(page: Page, model: str) -> Locator:
    """Download a model of the list and choose it; return its row."""
    row = row_of(page, model)
    press(row, "Download")
    expect(row).to_contain_text(re.compile(r"Stored: \d+\.\d MB\."))
    press(row, "Use")
    expect(page.locator("#status")).to_have_text(f"Ready: {model}")
    return row


def check_filters(page: Page, row: Locator) -> None:
    status = page.locator("#models-status")
    expect(status).to_have_text(re.compile(r"^\d+ of \d+ models\.$"))
    page.get_by_label("Runs here").uncheck()
    expect(status).to_have_text(re.compile(r"^\d+ models\.$"))
    # No more than fit on a few screens, unless all are asked for.
    expect(page.locator("#models-list > li:visible")).to_have_count(30)
    page.get_by_role("button", name=re.compile(r"Show \d+ more")).click()
    expect(page.locator("#models-list")).to_be_focused()
    expect(row_of(page, "Llama-3.2-1B-Instruct-q4f16_1-MLC")).to_contain_text("no 16-bit floats")
    page.get_by_role("searchbox", name="Search", exact=True).fill("llama q4f16")
    expect(row).to_be_hidden()
    page.get_by_role("searchbox", name="Search", exact=True).fill("persona")
    expect(status).to_have_text(re.compile(r"^1 of \d+ models\.$"))


@pytest.mark.usefixtures("visited")
def test_models_are_found_downloaded_paused_checked_and_deleted(
    page: Page, site: str, watch: PageWatch
) -> None:
    page.goto(site + "#/persona")
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    # The other view, by its link; the persona view is not in the way.
    page.get_by_role("link", name="Models").click()
    expect(page).to_have_url(re.compile("#/models$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Models on this device")
    expect(page.get_by_role("button", name="Generate")).to_be_hidden()
    row = row_of(page, MODEL)
    expect(row).to_contain_text(re.compile(r"Stored: \d+\.\d MB\."))
    expect(row).to_contain_text("In use")
    expect(row.get_by_text("Runs on this machine.")).to_be_hidden()
    row.locator("summary").first.press("Enter")
    expect(row.get_by_text("Runs on this machine.")).to_be_visible()
    expect(row.get_by_role("listitem")).to_have_text(["tools", "runs on the processor"])
    expect(page.get_by_role("meter", name="Space used")).to_be_visible()

    check_filters(page, row)

    # Damage is found and repaired, and nothing else is fetched.
    page.evaluate(DAMAGE)
    before = len(watch.requests)
    press(row, "Check and repair")
    expect(row).to_contain_text("1 file was damaged or missing, and downloaded again.")
    fetched = {url.rpartition("/")[2] for url in watch.requests[before:] if "/models/" in url}
    assert fetched == {"params_shard_0.bin"}

    # Deleted only when that is confirmed.
    press(row, "Delete")
    expect(row.get_by_role("button", name="Keep it")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 800})
    assert problems(page) == []
    assert clipped(page) == []
    page.set_viewport_size({"width": 1280, "height": 800})
    press(row, "Delete it")
    expect(row.get_by_role("button", name="Download")).to_be_focused()

    # Paused while nothing arrives, and continued.
    def hold(route: Route) -> None:
        del route  # never answered

    page.route(SHARD, hold)
    with page.expect_request(SHARD):
        press(row, "Download")
    press(row, "Pause")
    expect(row).to_contain_text("Incomplete: ")
    page.unroute(SHARD)
    press(row, "Continue")
    expect(row).to_contain_text("Stored: ")

    # And back: the persona page is as it was.
    page.go_back()
    expect(page.get_by_role("button", name="Generate")).to_be_enabled()
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}


def model_folder(target: Path) -> Path:
    """Return a folder as a visitor has one: the model's files, and others beside them."""
    folder = target / "tiny"
    shutil.copytree(REVISION, folder / "model")
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.fixture
def gguf(site: str) -> Iterator[str]:
    """The address of the built-in model as a GGUF file."""
    target = ROOT / "build/site/views.gguf"
    write_gguf(target)
    yield f"{site}{target.name}"
    target.unlink()


def check_gguf(page: Page, address: str) -> None:
    """A GGUF file is added by its address, downloaded, used in the chat, and deleted."""
    page.get_by_text("Add a model of your own").click()
    by_address = page.get_by_role("form", name="By address")
    by_address.get_by_label("Called").fill("llama")
    by_address.get_by_label("Address").fill(address)
    by_address.get_by_role("button", name="Add").click()
    row = download_and_use(page, "llama")
    page.get_by_role("link", name="Chat", exact=True).click()
    page.get_by_label("Your message").fill("Name: Ada. Age: 36")
    page.get_by_label("Your message").press("Enter")
    answer = page.get_by_role("log").get_by_role("article").last
    expect(answer.get_by_text(re.compile(r"\d tokens"))).to_be_visible()
    assert len(answer.locator(".text").inner_text().split()) > 5
    page.get_by_role("link", name="Models").click()
    press(row, "Delete")
    press(row, "Delete it")
    expect(row).to_have_count(0)


# What the page sends to its engine, which runs in a shared worker.
RECORD_REQUESTS = """
globalThis.requests = [];
const { postMessage } = MessagePort.prototype;
MessagePort.prototype.postMessage = function (message, ...rest) {
  if (message?.open?.method === "generate") requests.push(JSON.parse(message.open.request).request);
  return postMessage.call(this, message, ...rest);
};
"""
# A picture that is red on the left, as a PNG file, base64.
DRAW = """() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 48];
  const context = canvas.getContext("2d");
  context.fillStyle = "#f00";
  context.fillRect(0, 0, 32, 48);
  return canvas.toDataURL("image/png").split(",")[1];
}"""
PASTE = """(element, png) => {
  const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([bytes], "image.png", { type: "image/png" }));
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""  # noqa: E501 - JavaScript
# Enter at once: the message waits for the image.
PASTE_AND_SEND = f"""(element, png) => {{
  ({PASTE})(element, png);
  element.dispatchEvent(new KeyboardEvent("keydown", {{ key: "Enter", bubbles: true }}));
}}"""
# For each image: width, height, and red, green, blue of a pixel at its left.
LOOK = """(canvases) => canvases.map((canvas) => [
  canvas.width, canvas.height, ...canvas.getContext("2d").getImageData(4, 4, 1, 1).data.slice(0, 3),
])"""


def check_pictures(canvases: Locator, count: int) -> None:
    expect(canvases).to_have_count(count)
    for canvas in canvases.all():
        expect(canvas).to_have_js_property("width", 64)
    for width, height, red, *others in canvases.evaluate_all(LOOK):
        assert (width, height) == (64, 48)
        assert red > 200
        assert max(others) < 60


def check_images(page: Page) -> None:
    """A model of one's own that takes images gets those that were chosen and pasted."""
    page.get_by_role("link", name="Chat", exact=True).click()
    attach = page.get_by_label("Add image")
    message = page.get_by_label("Your message")
    expect(page.locator("#status")).to_have_text("Ready: mine")
    expect(message).to_be_visible()
    expect(attach).to_be_hidden()
    png = page.evaluate(DRAW)
    message.evaluate(PASTE, png)  # to no effect: this model takes none
    page.get_by_role("link", name="Models").click()
    download_and_use(page, "second")
    page.get_by_role("link", name="Chat", exact=True).click()
    expect(page.locator("#chat-attach")).to_be_visible()
    file: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b64decode(png)}
    attach.set_input_files(file)
    message.evaluate(PASTE, png)
    beside = page.get_by_role("button", name=re.compile(r"Remove image \d"))
    expect(beside).to_have_count(2)
    assert problems(page, "#chat") == []
    page.get_by_role("button", name="Remove image 2").click()
    expect(beside).to_have_count(1)
    message.fill("What is this?")
    message.evaluate(PASTE_AND_SEND, png)
    expect(beside).to_have_count(0)
    question = page.get_by_role("log").get_by_role("article").first
    check_pictures(question.locator("canvas"), 2)
    # The built-in model's files stand in for those of a model that takes images.
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    [request] = page.evaluate("requests")
    words, *images = request["messages"][-1]["content"]
    assert words == {"type": "text", "text": "What is this?"}
    assert len(images) == 2
    for image in images:
        assert image["type"] == "image_url"
        assert image["image_url"]["url"].startswith("data:image/jpeg;base64,/9j/")


def add_folder(page: Page, watch: PageWatch, folder: Path) -> Locator:
    """Add a model from its folder, and use it; return its row."""
    by_folder = page.get_by_role("form", name="From a folder on this device")
    by_folder.get_by_role("button", name="Add").click()
    expect(page.locator("#own-problem")).to_have_text(re.compile("^The folder has no GGUF file"))

    # The files of a folder go into the browser, and no server is asked for any of them.
    by_folder.get_by_label("Called").fill("mine")
    by_folder.get_by_label("Folder", exact=True).set_input_files(folder)
    before = len(watch.requests)
    by_folder.get_by_role("button", name="Add").click()
    row = row_of(page, "mine")
    expect(row).to_contain_text(re.compile(r"Stored: \d+\.\d MB\."))
    expect(row).to_contain_text("your own")
    press(row, "Use")
    expect(row).to_contain_text("In use")
    expect(page.locator("#status")).to_have_text("Ready: mine")
    assert not [url for url in watch.requests[before:] if "params_shard" in url]
    return row


def add_record(page: Page) -> None:
    """Add a model by a record; what is wrong is said, and what was typed stays."""
    by_record = page.get_by_role("form", name="By record")
    by_record.get_by_label("Record", exact=True).fill('{"model_id": "second"')
    by_record.get_by_role("button", name="Add").click()
    expect(page.locator("#own-problem")).to_contain_text("This is not JSON")
    address = REVISION.relative_to(REVISION.parents[3]).as_posix()
    record = {
        "model_id": "second",
        "model": f"{address}/",
        "model_lib": f"{address}/model.wasm",
        "model_type": 2,  # it takes images
    }
    by_record.get_by_label("Record", exact=True).fill(json.dumps(record))
    by_record.get_by_role("button", name="Add").click()
    expect(row_of(page, "second")).to_contain_text("your own")


@pytest.mark.usefixtures("visited")
def test_own_models_are_added_used_kept_and_deleted(
    page: Page, site: str, watch: PageWatch, tmp_path: Path, gguf: str
) -> None:
    page.add_init_script(RECORD_REQUESTS)
    page.goto(f"{site}?engine=webllm#/models")
    expect(row_of(page, MODEL)).to_contain_text("In use")
    page.get_by_text("Add a model of your own").click()
    assert problems(page) == []
    row = add_folder(page, watch, model_folder(tmp_path))
    add_record(page)
    check_images(page)
    conversation = page.url
    page.get_by_role("link", name="Models").click()
    press(row, "Use")
    expect(page.locator("#status")).to_have_text("Ready: mine")

    # The next visit begins with the model that was chosen, before Python is there.
    page.goto(conversation)
    hold = Hold()
    page.route("**/app.zip", hold)
    page.reload()
    assert page.evaluate(ENGINE_LOADED) is True
    hold.release()
    expect(page.locator("#status")).to_have_text("Ready: mine")
    pictures = page.get_by_role("log").get_by_role("article").first.locator("canvas")
    check_pictures(pictures, 2)
    page.get_by_role("link", name="Models").click()
    expect(row_of(page, "second")).to_contain_text("your own")
    page.get_by_role("link", name="Persona").click()
    page.get_by_role("button", name="Generate").click()
    expect(page.locator("#speed")).to_be_visible()
    expect(page.locator("#persona-about")).to_contain_text("mine")

    page.get_by_role("link", name="Models").click()
    check_gguf(page, gguf)

    # Deleted, the built-in model takes its place.
    press(row, "Use")
    expect(page.locator("#status")).to_have_text("Ready: mine")
    press(row, "Delete")
    press(row, "Delete it")
    expect(row).to_have_count(0)
    expect(row_of(page, MODEL)).to_contain_text("In use")
    expect(page.locator("#status")).to_have_text("Ready: the built-in model")
    assert watch.errors == []
    assert watch.origins() == {site.rstrip("/")}
