#!/usr/bin/env bash
# huggingface_hub cannot be imported in Pyodide: it imports httpcore2, which it does not require.
#
# Packages: huggingface_hub 2.4.0, httpx2 2.16.2, packaging 26.2 (PyPI).
# huggingface_hub/hf_api.py imports httpcore2, and its metadata require httpx2 only, which requires
# httpcore2 on every platform but Emscripten. smolagents cannot be imported there for the same reason.
# Expected: httpcore2 is among the requirements of huggingface_hub, or is not imported.
# Instead: install httpcore2 beside it; its wheel is pure Python.
. "$(dirname "$0")/lib.sh"

pip_install packaging==26.2
pyodide_wheels huggingface_hub==2.4.0 httpx2==2.16.2
seen=$(py_run <<'PY'
import re
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

for name in ("huggingface_hub", "httpx2"):
    (wheel,) = Path("wheels").glob(f"{name}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (about,) = (it for it in archive.namelist() if it.endswith(".dist-info/METADATA"))
        lines = re.findall(r"^Requires-Dist: (.*)$", archive.read(about).decode(), re.MULTILINE)
        if name == "huggingface_hub":
            source = archive.read("huggingface_hub/hf_api.py").decode()
            print("huggingface_hub.hf_api:", *re.findall(r"^import http.*$", source, re.MULTILINE))
    for platform in ("linux", "emscripten"):
        there = {"sys_platform": platform, "python_version": "3.14", "extra": ""}
        found = (Requirement(line) for line in lines)
        names = [it.name for it in found if it.marker is None or it.marker.evaluate(there)]
        print(f"{name} on {platform} requires httpcore2:", "httpcore2" in names)
PY
)
finding "huggingface_hub 2.4.0 with httpx2 2.16.2" \
  "it imports httpcore2 without requiring it, and Emscripten does not get it from httpx2" "$seen" <<'SEEN'
huggingface_hub.hf_api: import httpcore2 import httpx2
huggingface_hub on linux requires httpcore2: False
huggingface_hub on emscripten requires httpcore2: False
httpx2 on linux requires httpcore2: True
httpx2 on emscripten requires httpcore2: False
SEEN
