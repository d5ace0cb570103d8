"""Files of a site, and files of the wheel; a checkout contains none of these."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest
from pywebllm.assets import SiteAssets, base_url, model_files, read_asset
from pywebllm.builtin import BUILTIN_CHECKSUMS, BUILTIN_MODEL, BUILTIN_PATH
from pywebllm.errors import AssetsError, InvalidRequestError

SHIPPED = Path(__file__).parents[2] / "static/models" / BUILTIN_MODEL


@pytest.mark.parametrize("name", ["webllm_bridge.js", "webllm.js", "../service.py/x"])
def test_missing_file_is_an_error_with_its_name_and_advice(name: str) -> None:
    with pytest.raises(AssetsError, match=f"contains no {name}. Install the wheel"):
        read_asset(name)


def test_missing_model_is_an_error() -> None:
    with pytest.raises(AssetsError, match="contains no model"):
        model_files()


@pytest.mark.parametrize("url", ["https://x/files", "https://x/files/"])
async def test_urls_of_site_assets_are_below_the_url_of_the_site(url: str) -> None:
    assets = SiteAssets(url)
    assert assets.url("webllm.js") == "https://x/files/webllm.js"
    record = await assets.builtin(None)
    base = f"https://x/files/{BUILTIN_PATH}"
    assert (record.model_id, record.model) == (BUILTIN_MODEL, base)
    assert record.model_lib == base + "model.wasm"
    assert record.gpu_model_lib == base + "model-gpu.wasm"
    assert record.integrity == {"files": BUILTIN_CHECKSUMS}


def test_checksums_of_the_builtin_model_are_those_of_its_list() -> None:
    # After a change of the model, copy them from there.
    lines = (SHIPPED / "SHA256SUMS").read_text("utf-8").splitlines()
    listed = [line.split() for line in lines]
    names = [name.rpartition("/")[2] for _, name in listed]
    digests = [b64encode(bytes.fromhex(digest)).decode() for digest, _ in listed]
    expected = {name: f"sha256-{digest}" for name, digest in zip(names, digests, strict=True)}
    assert expected == BUILTIN_CHECKSUMS
    assert {f"{BUILTIN_PATH}{name}" for name in names} == {
        f"models/{BUILTIN_MODEL}/{name}" for _, name in listed
    }


PAGE = "https://example.org/app/index.html"
BLOB = "blob:https://example.org/3e1f"


@pytest.mark.parametrize(
    ("url", "address", "base"),
    [
        ("./site/", PAGE, PAGE),
        ("/site/", PAGE, PAGE),
        ("/site/", BLOB, "https://example.org"),
        ("https://cdn.example/site/", BLOB, BLOB),
        ("HTTPS://cdn.example/site/", "data:text/javascript,1", "data:text/javascript,1"),
    ],
)
def test_relative_url_has_a_base_in_pages_and_workers(url: str, address: str, base: str) -> None:
    assert base_url(url, address=address, origin="https://example.org") == base


@pytest.mark.parametrize("url", ["./site/", "site/", "../site/", "?site", ""])
def test_relative_url_in_a_blob_worker_is_an_error_that_says_what_to_write(url: str) -> None:
    with pytest.raises(InvalidRequestError, match="/site/ or /site/") as caught:
        base_url(url, address=BLOB, origin="https://example.org")
    assert "a blob: URL" in caught.value.problem
    assert repr(url) in caught.value.problem


def test_worker_without_an_origin_needs_a_whole_url() -> None:
    with pytest.raises(InvalidRequestError, match="the whole URL") as caught:
        base_url("/site/", address="data:text/javascript,1", origin="null")
    assert "null" not in str(caught.value)
