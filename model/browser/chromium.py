"""Find an installed Chromium, and the flags that give it WebGPU, without a GPU or with one.

As a command, it prints the path of the browser, or exits with status 1 if there is none.
"""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path

from playwright.sync_api import sync_playwright

__all__ = ["FLAGS", "GPU_FLAGS", "disabling", "find_chromium"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

# Chromium keeps the call stack of some allocations, chosen at random in processes chosen at random.
# Where a page's own thread allocates from the stack of a WebAssembly promise, on which Pyodide runs
# all Python, 156.0.8078.114 on Linux reads beyond the end of that stack, and the page crashes.
_SAMPLING = ("GwpAsanMalloc", "GwpAsanPartitionAlloc", "HeapProfilerReporting")

# The last list is the one that counts, so it repeats what Playwright disables.
_PLAYWRIGHT = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)


def disabling(*features: str) -> str:
    """Return the flag that disables these features, and those that no browser here may have."""
    return f"--disable-features={','.join((*_PLAYWRIGHT, *_SAMPLING, *features))}"


_COMMON = (
    disabling(),
    "--enable-unsafe-webgpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)

# SwiftShader is Chromium's software Vulkan driver: slow, but it gives the same WebGPU everywhere.
FLAGS = (*_COMMON, "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader")

# For benchmarks on Linux: headless Chromium takes no GPU without them.
GPU_FLAGS = (
    *_COMMON,
    "--ignore-gpu-blocklist",
    "--enable-webgpu-developer-features",
    "--enable-features=Vulkan",
    "--use-angle=vulkan",
    "--disable-vulkan-surface",
    # Otherwise Dawn hides `shader-f16` of NVIDIA's driver.
    "--enable-dawn-features=vulkan_enable_f16_on_nvidia",
)


@cache  # Playwright's bundled browser cannot be looked up while Playwright is running.
def find_chromium() -> Path | None:
    """Return an installed Chrome, Edge or Chromium, else Playwright's bundled one, else None."""
    named = [Path(path) for name in _NAMES if (path := shutil.which(name))]
    installed = next((path for path in [*named, *map(Path, _MAC)] if path.exists()), None)
    return installed or _bundled()


def _bundled() -> Path | None:
    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


def _main() -> int:
    path = find_chromium()
    if path is None:
        return 1
    if "--quiet" not in sys.argv:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
