"""The page's texts about the GPU, the speed and problems."""

from __future__ import annotations

import pytest
from page.persona import view as persona
from page.setup import view
from pywebllm import DownloadError, InvalidRequestError, Support, Usage
from pywebllm.records import EngineName
from pywebllm.values import Adapter, EngineSupport


def adapter(description: str = "", *, fallback: bool = False) -> Adapter:
    return Adapter(
        vendor="nvidia", architecture="hopper", description=description, fallback=fallback
    )


def test_gpu_is_described_with_its_limits() -> None:
    support = Support(
        ok=True,
        adapter=adapter("NVIDIA H200"),
        features=frozenset({"shader-f16"}),
        limits={"maxBufferSize": 4 * 2**30},
    )
    assert view.describe_gpu(support) == "GPU: NVIDIA H200, buffers up to 4 GiB, 16-bit floats."


def test_gpu_without_a_description_is_named_by_its_vendor() -> None:
    assert view.describe_gpu(Support(ok=True, adapter=adapter())).startswith("GPU: nvidia hopper")


@pytest.mark.parametrize("gpu", [adapter(fallback=True), adapter("SwiftShader Device")])
def test_software_gpu_is_described_as_slow(gpu: Adapter) -> None:
    assert "hardware acceleration" in view.describe_gpu(Support(ok=True, adapter=gpu))


def test_engine_on_the_processor_is_described_with_its_reason_and_threads() -> None:
    for threads, words in ((1, "one thread"), (4, "4 threads")):
        engines: dict[EngineName, EngineSupport] = {
            "wllama": EngineSupport(ok=True, threads=threads)
        }
        support = Support(
            ok=True, engine="wllama", reason="No.", reason_code="no-webgpu", engines=engines
        )
        described = "This browser has no WebGPU. The model runs on the processor, by llama.cpp in"
        assert view.describe_gpu(support) == f"{described} {words}."


def test_missing_gpu_has_an_empty_description() -> None:
    assert view.describe_gpu(Support(ok=False, problem="none")) == ""


def test_speed_omits_figures_that_the_engine_did_not_report() -> None:
    usage = Usage(prompt_tokens=1, completion_tokens=9, total_tokens=10)
    assert persona.finished(usage).speed == "9 tokens"
    assert persona.finished(None).speed == ""


def test_problem_is_the_page_s_own_text_with_the_library_s_words_as_details() -> None:
    screen = view.failed(DownloadError("no network"))
    assert screen.problem == "A file could not be downloaded."
    assert screen.advice.startswith("Check the connection")
    assert screen.detail == str(DownloadError("no network"))
    screen = view.unsupported(Support(ok=False, problem="No GPU.", advice="Go.", code="limits"))
    assert screen.problem == "The GPU of this device is too small for the engine."
    assert screen.detail == "No GPU. Go."
    refused = persona.refused(InvalidRequestError("what?"))
    assert refused.detail.startswith("what?")


def test_failure_without_an_error_has_a_message() -> None:
    assert view.failed(None).problem == "Loading ended without a model."


@pytest.mark.parametrize(
    ("screen", "can_retry"),
    [
        (view.checking(), False),
        (view.loading(None), False),
        (view.unsupported(Support(ok=False)), False),
        (view.failed(None), True),
        (view.ready(""), False),
    ],
)
def test_only_a_failure_can_be_tried_again(screen: view.Screen, can_retry: bool) -> None:
    assert screen.can_retry == can_retry


@pytest.mark.parametrize(
    ("screen", "actions"),
    [
        (persona.waiting(), (False, False)),
        (persona.waiting().with_model(is_ready=True), (True, False)),
        (persona.writing(), (False, True)),
        (persona.stopped(is_ready=True), (True, False)),
        (persona.stopped(is_ready=False), (False, False)),
        (persona.interrupted(DownloadError("gone"), is_ready=False), (False, False)),
    ],
)
def test_each_persona_screen_allows_its_own_actions(
    screen: persona.Screen, actions: tuple[bool, bool]
) -> None:
    assert (screen.can_generate, screen.is_writing) == actions
