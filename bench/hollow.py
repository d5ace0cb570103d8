"""Take the weights out of a folder of a benchmark, to carry it to a machine with a GPU.

Times do not depend on the weights. `fill.py`, which is left in the folder, writes files of the same
sizes there: every 16-bit word is a small positive float16, and every 32-bit one a float32.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

__all__ = ["FILL", "hollow"]

FILL: Final = b"\x00\x20\x00\x20"

_PROGRAM: Final = '''"""Write the weights: numbers without a meaning, of the right sizes."""
import json, pathlib
here = pathlib.Path(__file__).parent
for name, (kept, size) in json.loads((here / "fill.json").read_text()).items():
    head = (here / name).read_bytes()[:kept] if kept else b""
    (here / name).write_bytes((head + {fill} * (size // 4 + 1))[:size])
'''


def hollow(site: Path) -> None:
    """Remove the weights of all models in a folder that a benchmark has staged."""
    sizes: dict[str, tuple[int, int]] = {}
    for file in sorted(site.rglob("*")):
        kept = _kept(file)
        if kept is None:
            continue
        sizes[file.relative_to(site).as_posix()] = (kept, file.stat().st_size)
        head = file.read_bytes()[:kept]
        file.unlink()  # it may be a link to the original
        if kept:
            file.write_bytes(head)
    for manifest in site.rglob("tensor-cache.json"):
        _set_checksums(manifest)
    (site / "fill.json").write_text(json.dumps(sizes, indent=1) + "\n", "utf-8")
    (site / "fill.py").write_text(_PROGRAM.replace("{fill}", repr(FILL)), "utf-8")


def _kept(file: Path) -> int | None:
    """Return how many bytes at the beginning of a file are no weights; None if none are."""
    if file.name.startswith("params_shard_") or file.name.endswith(".onnx_data"):
        return 0
    return _gguf_header(file) if file.suffix == ".gguf" else None


def _gguf_header(file: Path) -> int:
    from gguf import GGUFReader  # noqa: PLC0415 (of the recipe's requirements)

    return int(min(tensor.data_offset for tensor in GGUFReader(str(file)).tensors))


def _set_checksums(manifest: Path) -> None:
    found: dict[str, Any] = json.loads(manifest.read_text("utf-8"))
    for record in found["records"]:
        size = record["nbytes"]
        data = (FILL * (size // 4 + 1))[:size]
        record["md5sum"] = hashlib.md5(data, usedforsecurity=False).hexdigest()
    manifest.write_text(json.dumps(found), "utf-8")
