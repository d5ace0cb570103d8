"""The import of `webllm_bridge.js` into the page or the worker in which Python runs."""

from __future__ import annotations

from typing import Any

from pywebllm.assets import BRIDGE_FILE, Assets
from pywebllm.errors import DownloadError, SupportError, WebLLMError

from . import host
from .files import find_assets

__all__ = ["import_bridge", "load_bridge"]

# How often the import of each URL has failed.
_failures: dict[str, int] = {}


async def load_bridge(assets_url: str | None, module: Any) -> tuple[Any, Assets]:
    """Return the bridge's module, imported unless it is given, and the files it works with.

    Cancelled, nothing is left open.
    """
    host.require_browser()
    assets = find_assets(assets_url)
    return (await import_bridge(assets) if module is None else module), assets


async def import_bridge(assets: Assets) -> Any:
    """Import the bridge's module, also after an import of it has failed.

    Cancelled, the browser goes on importing it, and the next import has it sooner.
    """
    url = assets.url(BRIDGE_FILE)
    failures = _failures.get(url, 0)
    try:
        # A module that failed to load stays failed under its URL; a fragment makes a new URL.
        return await _import_module(f"{url}#{failures}" if failures else url)
    except host.JsException as error:
        _failures[url] = failures + 1
        raise _import_error(url, error) from error


async def _import_module(url: str) -> Any:
    # PyScript's own import works under a policy without 'unsafe-eval'. In a worker it would import
    # into the page, while this Python runs in the worker.
    pyscript = _find_pyscript()
    if pyscript is None or pyscript.RUNNING_IN_WORKER:
        return await host.run_js("(url) => import(url)")(url)
    (module,) = await pyscript.js_import(url)
    return module


def _find_pyscript() -> Any:
    # Not with this module: a memory snapshot of Python has this one, but is older than PyScript's.
    try:
        import pyscript  # noqa: PLC0415
    except ModuleNotFoundError:
        return None
    return pyscript


def _import_error(url: str, error: Any) -> WebLLMError:
    if error.name == "EvalError":
        return SupportError(
            "the page's Content-Security-Policy forbids eval, which is needed to import the bridge",
            advice="Import webllm_bridge.js in the page and pass it as `module`, or use PyScript.",
        )
    return DownloadError(
        f"the bridge could not be imported from {url}: {error.message}",
        advice="Check `assets_url`; a Content-Security-Policy must allow it in script-src and"
        " worker-src (for the files of the wheel: blob:).",
    )
