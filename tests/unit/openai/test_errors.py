"""Errors as statuses, as error objects, and as the SDK's classes."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from pywebllm import errors
from pywebllm.errors import WebLLMError
from pywebllm.openai.errors import RouteError, error_object, error_reply

from tests.unit.openai.page import Page, sdk

HELLO: Any = [{"role": "user", "content": "Hello"}]

# The status, and whether the SDK should retry.
EXPECTED: dict[type[WebLLMError], tuple[int, bool]] = {
    errors.AbortedError: (500, False),
    errors.AssetsError: (500, False),
    errors.ContextWindowError: (400, False),
    errors.DeviceLostError: (503, True),
    errors.DisposedError: (500, False),
    errors.DownloadError: (502, True),
    errors.EngineError: (500, False),
    errors.FeatureSupportError: (501, False),
    errors.IntegrityError: (500, False),
    errors.InvalidRequestError: (400, False),
    errors.ModelNotFoundError: (404, False),
    errors.ModelNotLoadedError: (503, True),
    errors.ModelUnloadedError: (503, True),
    errors.NotResumableError: (400, False),
    errors.OutOfMemoryError: (507, False),
    errors.ParseError: (500, False),
    errors.RequestTimeoutError: (500, False),
    errors.SessionNotFoundError: (404, False),
    errors.StorageError: (507, False),
    errors.SupportError: (501, False),
    errors.ToolRoundsError: (500, False),
    errors.TruncatedError: (500, False),
    errors.WebLLMError: (500, False),
    errors.WorkerError: (503, True),
}


def test_every_error_of_the_library_has_an_expected_status() -> None:
    classes = {getattr(errors, name) for name in errors.__all__ if name.endswith("Error")}
    assert set(EXPECTED) == classes


@pytest.mark.parametrize("kind", EXPECTED)
def test_error_has_its_status_and_retry_header(kind: type[WebLLMError]) -> None:
    status, retry = EXPECTED[kind]
    reply = error_reply(kind("it failed"))
    assert (reply.status, reply.headers["x-should-retry"]) == (status, str(retry).lower())
    assert isinstance(reply.body, bytes)
    assert json.loads(reply.body) == error_object(kind("it failed"))


@pytest.mark.parametrize("kind", EXPECTED)
def test_error_object_has_exactly_the_fields_of_the_reference(kind: type[WebLLMError]) -> None:
    found = error_object(kind("it failed"))["error"]
    assert set(found) == {"message", "type", "param", "code"}
    assert found["message"] == str(kind("it failed"))
    fault_of_client = EXPECTED[kind][0] < 500
    assert found["type"] == ("invalid_request_error" if fault_of_client else "server_error")


def test_error_object_names_the_wrong_parameter() -> None:
    assert error_object(errors.InvalidRequestError("no", param="stop"))["error"]["param"] == "stop"
    assert error_object(errors.ModelNotFoundError("no"))["error"]["param"] == "model"
    assert error_object(errors.ContextWindowError("no"))["error"]["param"] is None


def test_unknown_path_and_wrong_method_have_different_statuses() -> None:
    assert error_reply(RouteError("no such address")).status == 404
    assert error_reply(RouteError("not so", allowed=("GET",))).status == 405


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (errors.InvalidRequestError("no"), openai.BadRequestError),
        (errors.ModelNotFoundError("no"), openai.NotFoundError),
        (errors.OutOfMemoryError("no"), openai.InternalServerError),
        (errors.SupportError("no"), openai.InternalServerError),
    ],
)
async def test_sdk_raises_its_own_class_and_does_not_retry(
    page: Page, error: WebLLMError, raised: type[openai.APIStatusError]
) -> None:
    page.fail(error).chat("a second try would have this")
    async with sdk(page, max_retries=2) as client:
        with pytest.raises(raised):
            await client.chat.completions.create(model="builtin", messages=HELLO)
