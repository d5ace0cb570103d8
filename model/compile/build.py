"""All steps from a checkpoint to the folder that WebLLM loads."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from model.compile.checkpoint import Checkpoint
from model.compile.conversation import Conversation, describe_conversation
from model.compile.linker import Linker, find_emcc
from model.compile.parameters import fill
from model.compile.runtime import build_runtime
from model.compile.settings import chat_settings
from model.compile.tokenizer import tokenizer_texts
from model.tools import ToolError

__all__ = [
    "TVM_VERSION",
    "Parts",
    "check_tvm",
    "compile_checkpoint",
    "compile_model",
    "compile_parts",
]

TVM_VERSION: Final = "0.27.0.post1"
log = logging.getLogger("pywebllm.model")


def compile_model(
    source: Path,
    out: Path,
    *,
    runtime: Path,
    context: int | None = None,
    prefill_chunk: int | None = None,
    bits: int = 4,
) -> None:
    """Compile the checkpoint in `source` into the folder `out`, whose name becomes the model id.

    `runtime` is the cache folder of TVM's compiled runtime.

    Raises:
        ToolError: A tool is missing, has the wrong version, or failed.
        CompileError: A download differs from its pin, or the checkpoint is not supported.
    """
    checkpoint = Checkpoint.read(source, context=context, prefill_chunk=prefill_chunk, bits=bits)
    conversation = describe_conversation(checkpoint.tokens, name=out.name)
    compile_checkpoint(checkpoint, conversation, out, runtime=runtime)


def compile_checkpoint(
    checkpoint: Checkpoint,
    conversation: Conversation,
    out: Path,
    *,
    runtime: Path,
    card: Callable[[Path], str] | None = None,
) -> None:
    """Compile a checkpoint into the folder `out`.

    The files are made in a temporary folder: `out` changes only after all steps have succeeded.
    `card` returns the model card for the files in that folder.

    Raises:
        ToolError: A tool is missing, has the wrong version, or failed.
        ChecksumError: A download differs from its pin.
    """
    settings = chat_settings(checkpoint, conversation.template)

    def libraries(folder: Path, linker: Linker) -> None:
        # Imported late because it needs TVM, which check_tvm() has found.
        from model.compile.library import build_libraries  # noqa: PLC0415

        build_libraries(checkpoint.architecture, folder, linker)

    parts = Parts(
        libraries=libraries,
        weights=lambda: fill(checkpoint),
        texts={
            **tokenizer_texts(checkpoint.folder),
            "mlc-chat-config.json": json.dumps(settings, indent=2, ensure_ascii=False) + "\n",
        },
        card=card,
    )
    compile_parts(parts, out, runtime=runtime)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a folder for WebLLM consists of; each part is made when it is needed."""

    libraries: Callable[[Path, Linker], None]
    """Writes the libraries into a folder."""
    weights: Callable[[], Mapping[str, npt.NDArray[Any]]]
    texts: Mapping[str, str]
    """The contents of the other files by name."""
    card: Callable[[Path], str] | None = None
    """Returns the model card for the files in a folder."""


def compile_parts(parts: Parts, out: Path, *, runtime: Path) -> None:
    """Make the files of a model in a temporary folder, and copy them to `out` when all are done.

    Raises:
        ToolError: A tool is missing, has the wrong version, or failed.
        ChecksumError: A download differs from its pin.
    """
    check_tvm()
    emcc = find_emcc()
    with _Step("TVM's runtime"):
        objects = build_runtime(runtime, emcc)
    with tempfile.TemporaryDirectory(prefix="pywebllm-") as name:
        draft = Path(name)
        with _Step("the libraries"):
            parts.libraries(draft, Linker(emcc=emcc, runtime=objects))
        with _Step("the weights"):
            _write_weights(parts.weights(), draft)
        for file, text in parts.texts.items():
            (draft / file).write_text(text, "utf-8")
        if parts.card is not None:
            (draft / "README.md").write_text(parts.card(draft), "utf-8")
        _publish(draft, out)


def check_tvm() -> None:
    """Check that the only supported version of TVM is installed.

    The recipe calls parts of TVM that are private or that are renamed in each version.

    Raises:
        ToolError: TVM is missing or has another version.
    """
    install = f"Install it with: python -m pip install apache-tvm=={TVM_VERSION}"
    try:
        found = metadata.version("apache-tvm")
    except metadata.PackageNotFoundError as error:
        raise ToolError(f"apache-tvm is not installed. {install}") from error
    if found != TVM_VERSION:
        raise ToolError(f"apache-tvm must be {TVM_VERSION}, got {found}. {install}")


def _write_weights(values: Mapping[str, npt.NDArray[Any]], folder: Path) -> None:
    from tvm.contrib import tvmjs  # noqa: PLC0415 (see compile_checkpoint)

    contiguous = {name: np.ascontiguousarray(value) for name, value in values.items()}
    with contextlib.redirect_stdout(io.StringIO()):  # It prints a line per weight.
        tvmjs.dump_tensor_cache(contiguous, str(folder), encode_format="raw", show_progress=False)


def _publish(draft: Path, out: Path) -> None:
    """Copy the files to `out`, and remove the weight shards of an earlier model."""
    out.mkdir(parents=True, exist_ok=True)
    for stale in out.glob("params_shard_*.bin"):
        stale.unlink()
    for file in sorted(draft.iterdir()):
        shutil.copyfile(file, out / file.name)
        log.info("%9d  %s", file.stat().st_size, out / file.name)


class _Step:
    """Logs what is being built and how long it took."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._start = time.monotonic()
        log.info("building %s …", self._name)

    def __exit__(self, *_: object) -> None:
        log.info("… %s: %.1f s", self._name, time.monotonic() - self._start)
