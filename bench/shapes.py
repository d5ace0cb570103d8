"""Print the speed and size of the shapes in `model.train.shapes`.

Run it as `build/recipe-venv/bin/python -m bench.shapes [NAME ...]`. Every shape is compiled with
random weights, which do not affect the speed, into `build/shapes/NAME`, and kept there until the
sources of the compiler change; then `bench.kernels` measures all of them in turns. With
`--compile`, the shapes are only compiled, to be measured on another machine. A name that ends in
`-q8` is the shape with weights of 8 bits instead of 4.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from bench.kernels import measure
from model.compile import build
from model.compile.architecture import Architecture
from model.compile.checkpoint import weight_shapes
from model.train.corpus import sample_texts
from model.train.shapes import SHAPES, UNTIED
from model.train.tokenizer import save_tokenizer, train_tokenizer

__all__ = ["compile_shape"]

_OUT: Final = Path("build/shapes")
_RUNTIME: Final = Path("build/model/runtime")
_STAMP: Final = "compiled-from.txt"
_EIGHT_BITS: Final = "-q8"
log = logging.getLogger("pywebllm.bench")


def compile_shape(name: str) -> Path:
    """Return the folder of a compiled shape with random weights; compile it if out of date."""
    out, sources = _OUT / name, _digest(name)
    stamp = out / _STAMP
    if stamp.is_file() and stamp.read_text("utf-8") == sources:
        return out
    log.info("compiling %s", name)
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as folder:
        _write_checkpoint(name, Path(folder))
        bits = 8 if name.endswith(_EIGHT_BITS) else 4
        build.compile_model(Path(folder), out, runtime=_RUNTIME, bits=bits)
    stamp.write_text(sources, "utf-8")
    return out


def _write_checkpoint(name: str, folder: Path) -> None:
    name = name.removesuffix(_EIGHT_BITS)
    shape = SHAPES[name]
    shape.save(folder)
    file = folder / "config.json"
    config = json.loads(file.read_text("utf-8")) | {"tie_word_embeddings": name not in UNTIED}
    file.write_text(json.dumps(config), "utf-8")
    random = np.random.default_rng(1)
    weights = {
        key: (random.standard_normal(size) * 0.05 if len(size) > 1 else np.ones(size)).astype("f4")
        for key, size in weight_shapes(Architecture.from_config(config)).items()
    }
    save_file(weights, folder / "model.safetensors")
    tokenizer = train_tokenizer(
        sample_texts(seed=1, count=4000, processes=1), vocabulary=shape.vocab_size
    )
    save_tokenizer(tokenizer, folder, context=shape.max_position_embeddings)


def _digest(name: str) -> str:
    """Return a digest of the shape and the sources of the compiler."""
    folder = Path(build.__file__).parent
    files = [*sorted(folder.glob("*.py")), *sorted((folder / "kernels").glob("*.py"))]
    sources = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(
        sources + f"{name} {SHAPES[name.removesuffix(_EIGHT_BITS)]}".encode()
    ).hexdigest()


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.shapes")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(SHAPES))
    parser.add_argument("--rounds", type=int, default=5, help="rounds of measurements")
    parser.add_argument("--compile", action="store_true", help="only compile the shapes")
    options = parser.parse_args()
    if unknown := {name.removesuffix(_EIGHT_BITS) for name in options.names} - {*SHAPES}:
        parser.error(f"names must be among {', '.join(SHAPES)}, got {', '.join(sorted(unknown))}")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    folders = {name: compile_shape(name) for name in options.names or SHAPES}
    if not options.compile:
        sys.stdout.write(measure(folders, rounds=options.rounds)["table"] + "\n")


if __name__ == "__main__":
    _main()
