"""A folder that a benchmark has staged is run by one command, as on another machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from model.browser.site import ROOT


def test_staged_scripts_run_in_an_isolated_page_with_webgpu(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>staged</title>", "utf-8")
    (tmp_path / "module.js").write_text("export const double = (number) => 2 * number;", "utf-8")
    (tmp_path / "memory-0.run.js").write_text(
        "globalThis.kept = new Uint8Array(2 ** 27).fill(1), 'memory'", "utf-8"
    )
    (tmp_path / "second.run.js").write_text(
        """import("/module.js").then(async ({double}) => {
          const {info} = await navigator.gpu.requestAdapter();
          console.log("half way");
          return [double(21), crossOriginIsolated, info.architecture, "kept" in globalThis];
        })""",
        "utf-8",
    )
    (tmp_path / "fault.run.js").write_text("missing()", "utf-8")
    command = [sys.executable, "-m", "bench.staged", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    fault, first, second = map(json.loads, done.stdout.splitlines())
    assert (fault["name"], fault["value"]) == ("fault", None)
    assert "fault.run.js failed" in done.stderr
    assert "missing is not defined" in done.stderr
    assert "half way" in done.stderr
    assert (first["name"], first["value"]) == ("memory-0", "memory")
    assert (second["name"], second["value"]) == ("second", [42, True, "swiftshader", False])
    assert first["memory"]["processes"] > 128
