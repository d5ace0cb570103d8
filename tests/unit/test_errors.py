"""The error tree, and the table from JavaScript's names to the classes."""

from __future__ import annotations

import copy
import pickle
import re
from pathlib import Path

import pytest
from pywebllm import errors
from pywebllm.errors import (
    DownloadError,
    EngineError,
    IntegrityError,
    ModelNotFoundError,
    WebLLMError,
)
from pywebllm.rejections import error_for

CLASSES = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, WebLLMError)
]
BUILTINS = {
    "AbortedError": RuntimeError,
    "AssetsError": FileNotFoundError,
    "ContextWindowError": ValueError,
    "DeviceLostError": RuntimeError,
    "DisposedError": RuntimeError,
    "DownloadError": ConnectionError,
    "EngineError": RuntimeError,
    "FeatureSupportError": RuntimeError,
    "IntegrityError": ValueError,
    "InvalidRequestError": ValueError,
    "ModelNotFoundError": LookupError,
    "ModelNotLoadedError": RuntimeError,
    "ModelUnloadedError": RuntimeError,
    "NotResumableError": ValueError,
    "OutOfMemoryError": MemoryError,
    "ParseError": ValueError,
    "RequestTimeoutError": TimeoutError,
    "SessionNotFoundError": LookupError,
    "StorageError": ConnectionError,
    "SupportError": RuntimeError,
    "ToolRoundsError": RuntimeError,
    "TruncatedError": ValueError,
    "WorkerError": RuntimeError,
}
# The names that the bridge promises, see `NAMES` in bridge/errors.js.
BRIDGE = Path(__file__).parents[2] / "bridge/errors.js"


def bridge_names() -> list[str]:
    block = re.search(r"const NAMES = new Set\(\[(.*?)\]\)", BRIDGE.read_text(), re.DOTALL)
    assert block is not None
    return re.findall(r'"(\w+)"', block[1])


@pytest.mark.parametrize("found", CLASSES)
def test_every_error_class_is_in_the_tree_and_exported(found: type[WebLLMError]) -> None:
    assert found.__name__ in errors.__all__
    assert errors.__doc__ is not None
    assert found.__name__ in errors.__doc__


@pytest.mark.parametrize(("name", "builtin"), BUILTINS.items())
def test_every_class_can_be_caught_as_its_builtin(name: str, builtin: type[Exception]) -> None:
    with pytest.raises(builtin, match="it broke"):
        raise getattr(errors, name)("it broke")


def test_every_error_class_has_a_builtin() -> None:
    assert {found.__name__ for found in CLASSES} == {"WebLLMError", *BUILTINS}


@pytest.mark.parametrize("found", CLASSES)
def test_every_error_message_has_advice(found: type[WebLLMError]) -> None:
    error = found("it broke")
    assert str(error) == f"it broke. {found.advice}"
    assert len(found.advice) > 20


def test_advice_can_be_passed_to_an_error() -> None:
    assert str(ModelNotFoundError("no such model!", advice="Use X.")) == "no such model! Use X."


def test_errors_survive_copy_and_pickle() -> None:
    error = errors.DownloadError("no network", advice="Wait.")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (type(twin), str(twin)) == (type(error), "no network. Wait.")


@pytest.mark.parametrize("name", bridge_names())
def test_every_error_name_of_the_bridge_has_a_class(name: str) -> None:
    error = error_for(name, "it broke")
    assert type(error) is not EngineError or name == "EngineError"
    assert error.problem == "it broke"


def test_unknown_name_becomes_an_engine_error_that_contains_it() -> None:
    error = error_for("QuotaExceededError", "too much")
    assert type(error) is EngineError
    assert error.problem == "QuotaExceededError: too much"


def test_error_without_a_message_has_its_name_as_the_problem() -> None:
    assert error_for("WorkerError", "").problem == "WorkerError"


@pytest.mark.parametrize(
    ("name", "expected", "advice"),
    [
        ("LoadTimeoutError", errors.RequestTimeoutError, "increase `stall_timeout`"),
        ("NoStorageError", errors.SupportError, "add `allow-same-origin`"),
        ("StorageError", errors.StorageError, "Free disk space"),
    ],
)
def test_errors_of_loads_say_what_to_do(
    name: str, expected: type[WebLLMError], advice: str
) -> None:
    error = error_for(name, "it broke")
    assert type(error) is expected
    assert advice in error.advice
    assert "Check the connection" not in error.advice or name == "LoadTimeoutError"


def test_full_disk_can_be_caught_as_a_failed_download() -> None:
    assert isinstance(error_for("StorageError", "it broke"), errors.DownloadError)


@pytest.mark.parametrize(
    ("name", "message", "url", "file", "status"),
    [
        (
            "DownloadError",
            "a.bin could not be fetched from https://h/m/a.bin?x=1: the server answered with HTTP"
            " status 404 Not Found.",
            "https://h/m/a.bin?x=1",
            "a.bin",
            404,
        ),
        (
            "DownloadError",
            "a.bin could not be fetched from http://127.0.0.1:8000/a.bin: the connection broke"
            " after 404 bytes (network error).",
            "http://127.0.0.1:8000/a.bin",
            "a.bin",
            None,
        ),
        (
            "StorageError",
            "The browser could not store a.bin from https://h/a.bin (QuotaExceededError: full).",
            "https://h/a.bin",
            "a.bin",
            None,
        ),
        ("StorageError", "The download of m needs 5 MiB of storage.", None, None, None),
        ("DownloadError", "TypeError: Failed to fetch", None, None, None),
    ],
)
def test_error_of_a_download_has_the_file_and_the_status(
    name: str, message: str, url: str | None, file: str | None, status: int | None
) -> None:
    error = error_for(name, message)
    assert isinstance(error, DownloadError)
    assert (error.url, error.file, error.status) == (url, file, status)


def test_error_of_a_wrong_file_has_the_file() -> None:
    message = "a.bin from https://h/a.bin is not the expected file: it is empty. It was not kept."
    error = error_for("IntegrityError", message)
    assert isinstance(error, IntegrityError)
    assert (error.url, error.file) == ("https://h/a.bin", "a.bin")
