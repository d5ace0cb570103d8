"""The files that a site has, and those that the wheel carries; a checkout carries none."""

from __future__ import annotations

import pytest
from pywebllm.assets import SiteAssets, model_files, read_asset
from pywebllm.builtin import BUILTIN_MODEL, BUILTIN_PATH
from pywebllm.errors import AssetsError


@pytest.mark.parametrize("name", ["webllm_bridge.js", "webllm.js", "../service.py/x"])
def test_a_file_that_is_not_carried_is_named_with_what_to_do(name: str) -> None:
    with pytest.raises(AssetsError, match=f"carries no {name}. Install the wheel"):
        read_asset(name)


def test_a_missing_model_is_a_clear_error() -> None:
    with pytest.raises(AssetsError, match="carries no model"):
        model_files()


@pytest.mark.parametrize("url", ["https://x/files", "https://x/files/"])
async def test_a_site_has_the_files_below_its_address(url: str) -> None:
    assets = SiteAssets(url)
    assert assets.url("webllm.js") == "https://x/files/webllm.js"
    record = await assets.builtin(None)
    base = f"https://x/files/{BUILTIN_PATH}"
    assert (record.model_id, record.model) == (BUILTIN_MODEL, base)
    assert record.model_lib == base + "model.wasm"
