"""Models of the visitor's own: from an address, from a record, from the files of a folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pywebllm.json_text import read_json

from page.texts import text

__all__ = ["Plan", "SourceProblem", "plan_of_folder", "record_of_address", "record_of_json"]

_CONFIG = "mlc-chat-config.json"
_WEIGHTS = "tensor-cache.json"
# What of a folder an engine may read.
_WANTED = re.compile(r"\.(json|bin|wasm|model)$", re.IGNORECASE)


class SourceProblem(Exception):  # noqa: N818 - shown to visitors
    """What the visitor gave names no model; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which files of a folder make a model.

    Attributes:
        record: The model's record, as WebLLM writes it.
        files: The address that each file gets, by its path in the folder.
    """

    record: Mapping[str, Any]
    files: Mapping[str, str]


def record_of_address(name: str, address: str, library: str) -> dict[str, Any]:
    """Return the record of a model at an address.

    Args:
        name: What the visitor calls it; empty: the last part of the address.
        address: A GGUF file, or the folder of a model for WebLLM.
        library: The compiled library of a model for WebLLM.

    Raises:
        SourceProblem: An address is missing, or is none.
    """
    address = _address(address, "models.own.no.address")
    path = urlsplit(address).path
    name = name.strip() or path.rstrip("/").rpartition("/")[2]
    if path.lower().endswith(".gguf"):
        return {"model_id": re.sub(r"(?i)\.gguf$", "", name), "gguf": address}
    return {
        "model_id": name,
        "model": address,
        "model_lib": _address(library, "models.own.no.library"),
    }


def record_of_json(words: str) -> dict[str, Any]:
    """Return the record that the visitor pasted.

    Raises:
        SourceProblem: It is not a JSON object.
    """
    try:
        found = read_json(words)
    except ValueError as error:
        raise SourceProblem(text("models.own.no.json", reason=error)) from error
    if not isinstance(found, dict):
        raise SourceProblem(text("models.own.no.object"))
    return found


def plan_of_folder(name: str, paths: Sequence[str], base: str) -> Plan:
    """Return which files of a folder make a model, and where they are kept.

    Args:
        name: What the visitor calls it; empty: the name of the folder.
        paths: The paths of all files, each beginning with the folder's name.
        base: The address below which the files are kept.

    Raises:
        SourceProblem: It has no model, or not all of its files.
    """
    name = name.strip() or (paths[0].partition("/")[0] if paths else "")
    # Whatever the visitor calls it, the address is one of a folder.
    folder = f"{base}{re.sub(r'[^A-Za-z0-9.-]+', '-', name) or 'model'}/resolve/main/"
    config = next((path for path in sorted(paths) if path.endswith("/" + _CONFIG)), None)
    if config is None:
        return _gguf_plan(name, sorted(paths), folder)
    place = config.removesuffix(_CONFIG)
    inside = [path for path in paths if path.startswith(place) and _WANTED.search(path)]
    if place + _WEIGHTS not in inside:
        raise SourceProblem(text("models.own.no.weights", file=_WEIGHTS))
    libraries = sorted(path for path in paths if path.lower().endswith(".wasm"))
    if not libraries:
        raise SourceProblem(text("models.own.no.wasm"))
    files = {path: folder + path.removeprefix(place) for path in inside}
    files |= {path: folder + path.rpartition("/")[2] for path in libraries}
    record = {"model_id": name, "model": folder, "model_lib": files[_plain(libraries)]}
    for path in libraries:
        if _is_for_gpu(path) and files[path] != record["model_lib"]:
            record["gpu_model_lib"] = files[path]
    return Plan(record=record, files=files)


def _gguf_plan(name: str, paths: Sequence[str], folder: str) -> Plan:
    parts = [path for path in paths if path.lower().endswith(".gguf")]
    if not parts:
        raise SourceProblem(text("models.own.no.model", config=_CONFIG))
    numbered = [path for path in parts if re.search(r"-\d{5}-of-\d{5}\.gguf$", path.lower())]
    if len(parts) > 1 and numbered != parts:
        raise SourceProblem(text("models.own.several"))
    files = {path: folder + path.rpartition("/")[2] for path in parts}
    return Plan(record={"model_id": name, "gguf": list(files.values())}, files=files)


def _address(given: str, missing: str) -> str:
    given = given.strip()
    if not given:
        raise SourceProblem(text(missing))
    if urlsplit(given).scheme not in ("", "http", "https"):
        raise SourceProblem(text("models.own.scheme", address=given))
    return given


def _plain(libraries: Sequence[str]) -> str:
    # A library for a real GPU is named like that beside the one for any.
    return next((path for path in libraries if not _is_for_gpu(path)), libraries[0])


def _is_for_gpu(path: str) -> bool:
    return re.search(r"[-_.]gpu[-_.]", path.rpartition("/")[2].lower()) is not None
