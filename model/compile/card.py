"""The card of a compiled model: `README.md` with its source, license, quality and checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from model.compile.architecture import Architecture
from model.compile.quality.measure import Quality
from model.compile.source import Source

__all__ = ["card", "chat_facts"]


def chat_facts(shape: Architecture, quality: Quality | None) -> dict[str, str]:
    """Return what a card says about a language model."""
    return {
        "network": f"{shape.family.name}, {shape.layers} layers, hidden size {shape.hidden}",
        "context": f"{shape.context} tokens",
        "weights": shape.quantization,
        "quality": str(quality) if quality else "not measured",
    }


def card(name: str, source: Source, facts: Mapping[str, str], folder: Path) -> str:
    """Return the card of the model whose files are in `folder`."""
    size = sum(file.stat().st_size for file in folder.glob("params_shard_*.bin"))
    rows = {
        "source": source.origin,
        "license": source.license,
        **facts,
        "size of the weights": f"{size / 1e6:.1f} MB",
    }
    table = "\n".join(f"| {key} | {_cell(value)} |" for key, value in rows.items())
    return f"""# {name}

A model for WebLLM 0.2.86, compiled with `python -m model build` of pywebllm. The license of the
source applies to the weights.

| | |
|---|---|
{table}

The quality was measured on a short English text of several kinds. It says how much the compiled
weights differ from those of the source, not how good the model is.

## SHA-256

Of the source:

{_block(_checksums(source.files))}

Of the compiled files:

{_block(_checksums(sorted(folder.iterdir())))}
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _block(lines: Iterator[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)


def _checksums(files: list[Path]) -> Iterator[str]:
    for path in files:
        with path.open("rb") as file:
            yield f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}"
