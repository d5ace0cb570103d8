"""Models that are named without their build, and names that no model has."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from pywebllm import AsyncWebLLM, ModelRecord
from pywebllm.engine.variants import choose_variant
from pywebllm.errors import DeviceLostError, ModelNotFoundError
from pywebllm.testing import ScriptedEngine
from pywebllm.types import ModelInfo

HELLO: Any = [{"role": "user", "content": "Hello"}]
LLAMA = "Llama-3.2-1B-Instruct"
SMALL = "gemma-2-2b-it-q4f32_1-MLC-1k"


def listed(*, lacking: tuple[str, ...] = ()) -> list[dict[str, object]]:
    """Return a list of models as the bridge does, on a GPU that lacks features."""
    half = {"lacking": [*lacking], "required_features": ["shader-f16"]}
    return [
        {"id": SMALL, "lacking": []},
        {"id": "gemma-2-2b-it-q4f32_1-MLC", "lacking": []},
        {"id": f"{LLAMA}-q0f32-MLC", "lacking": []},
        {"id": f"{LLAMA}-q4f32_1-MLC", "lacking": []},
        {"id": f"{LLAMA}-q4f16_1-MLC", **half},
        {"id": "Llama-3.1-70B-Instruct-q3f16_1-MLC", **half},
    ]


@pytest.mark.parametrize(
    ("lacking", "build"), [((), "q4f16_1"), (("shader-f16",), "q4f32_1")], ids=["f16", "f32"]
)
async def test_name_without_a_build_takes_the_one_that_the_gpu_can_run(
    lacking: tuple[str, ...], build: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = ScriptedEngine(["One.", "Two."], models=listed(lacking=lacking))
    with caplog.at_level(logging.INFO, logger="pywebllm"):
        async with AsyncWebLLM(LLAMA, bridge=engine.open) as llm:
            first = await llm.chat.completions.create(messages=HELLO)
            second = await llm.chat.completions.create(model=LLAMA, messages=HELLO)
            assert llm.is_loaded()
            assert llm.is_loaded(LLAMA)
            await llm.unload(LLAMA)
            assert not llm.is_loaded(f"{LLAMA}-{build}-MLC")
    assert first.model == second.model == f"{LLAMA}-{build}-MLC"
    assert engine.loads == [f"{LLAMA}-{build}-MLC"]
    assert f"{LLAMA} is {LLAMA}-{build}-MLC" in caplog.text
    assert ("lacks shader-f16" in caplog.text) is bool(lacking)


async def test_name_without_a_build_can_be_loaded_in_any_case() -> None:
    engine = ScriptedEngine(models=listed())
    async with AsyncWebLLM(bridge=engine.open) as llm:
        await llm.load("gemma-2-2B-IT")
        await llm.load(SMALL.removesuffix("-1k").upper())
    assert engine.loads == ["gemma-2-2b-it-q4f32_1-MLC"]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Llama-3.2-1B-Instuct", LLAMA),
        (f"{LLAMA}-q4f23_1-MLC", f"{LLAMA}-q4f32_1-MLC"),
        ("pywebllm-persona", "pywebllm-persona-q4f32_1"),
        ("storyteler", "storyteller"),
    ],
)
async def test_error_for_an_unknown_name_has_the_most_similar_one(name: str, near: str) -> None:
    mine = ModelRecord(model_id="storyteller", model="./m/", model_lib="./m.wasm")
    engine = ScriptedEngine(models=listed())
    async with AsyncWebLLM(bridge=engine.open, records=[mine]) as llm:
        with pytest.raises(ModelNotFoundError, match=f"Did you mean '{near}'") as caught:
            await llm.load(name)
        with pytest.raises(ModelNotFoundError):
            await llm.chat.completions.create(model=name, messages=HELLO)
    assert repr(name) in caught.value.problem


async def test_name_that_resembles_none_has_the_general_advice() -> None:
    async with AsyncWebLLM(bridge=ScriptedEngine(models=listed()).open) as llm:
        with pytest.raises(ModelNotFoundError, match="Pass an id of WebLLM's list"):
            await llm.load("xyz")


def test_model_that_the_gpu_cannot_run_is_the_last_choice() -> None:
    builds = [
        ModelInfo(id=f"m-{build}-MLC", owned_by="mlc-ai", runnable=build not in ("q4f16_1",))
        for build in ("q4f16_1", "q0f32")
    ]
    found = choose_variant("m", builds)
    assert found is not None
    assert found.id == "m-q0f32-MLC"
    only = choose_variant("m", builds[:1])
    assert only is not None
    assert only.id == "m-q4f16_1-MLC"
    assert choose_variant("n", builds) is None


async def test_models_say_what_they_need_and_whether_the_gpu_has_it() -> None:
    mine = ModelRecord(
        model_id="mine", model="./m/", model_lib="./m.wasm", required_features=("shader-f16",)
    )
    models = listed(lacking=("shader-f16",))
    models[0] |= {"vram_required_mb": 900.5, "context_window_size": 1024}
    async with AsyncWebLLM(bridge=ScriptedEngine(models=models).open, records=[mine]) as llm:
        found = {model.id: model async for model in llm.models.list()}
    assert found["pywebllm-persona-q4f32_1"].runnable is True
    assert (found["mine"].runnable, found["mine"].lacking) == (False, ("shader-f16",))
    assert (found[SMALL].vram_required_mb, found[SMALL].context_window_size) == (900.5, 1024)
    assert found[SMALL].runnable is True
    assert found[f"{LLAMA}-q4f16_1-MLC"].lacking == ("shader-f16",)


async def test_other_errors_of_a_load_are_not_about_names() -> None:
    engine = ScriptedEngine(models=listed(), load_error=DeviceLostError("gone"))
    async with AsyncWebLLM(bridge=engine.open) as llm:
        with pytest.raises(DeviceLostError):
            await llm.load(LLAMA)
