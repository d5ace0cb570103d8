"""What the page asks of the engine before Python is there is what Python asks for itself."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from pywebllm import AsyncWebLLM, wire
from pywebllm.assets import SiteAssets
from pywebllm.request.duration import read_keep_alive

from site_files.early import early_requests

ROOT = Path(__file__).parents[2]
SITE = "https://example.org/site/"
URLS = ("webllmUrl", "model", "model_lib", "gpu_model_lib")


def absolute(request: dict[str, Any]) -> dict[str, Any]:
    """Return a request as `static/start/engine.js` sends it."""
    return {key: SITE + value if key in URLS else value for key, value in request.items()}


async def test_load_of_the_built_in_model_is_the_same() -> None:
    record = await SiteAssets(SITE).builtin(None)
    found = json.loads(wire.load_request(record))["model"]
    early = absolute(early_requests(ROOT)["webllm"])
    # The bridge compares the JSON text, so the order counts.
    assert json.dumps(early) == json.dumps(found)


def test_configuration_of_the_bridge_is_the_client_s() -> None:
    defaults = inspect.signature(AsyncWebLLM).parameters
    config = wire.bridge_config(
        webllm_url=SiteAssets(SITE).url("webllm.js"),
        thread="worker",
        keep_alive=read_keep_alive(defaults["keep_alive"].default),
        max_models=defaults["max_models"].default,
    )
    assert json.dumps(absolute(early_requests(ROOT)["config"])) == json.dumps(json.loads(config))


def test_request_to_llama_cpp_names_its_files() -> None:
    requests = early_requests(ROOT)
    extra = {"wllama_url": "wllama/wllama.js", "wasm_url": "wllama/wllama.wasm"}
    assert requests["wllama"] == {**requests["webllm"], **extra}
