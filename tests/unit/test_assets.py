"""Files of a site, and files of the wheel; a checkout contains none of these."""

from __future__ import annotations

import pytest
from pywebllm.assets import SiteAssets, model_files, read_asset
from pywebllm.builtin import BUILTIN_MODEL, BUILTIN_PATH
from pywebllm.errors import AssetsError


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
