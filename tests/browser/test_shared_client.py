"""Personas and chat in one page share one worker and one copy of the model, for real."""

from __future__ import annotations

from typing import Any

from model.browser.python import PagePython

ADA = {"name": "Ada", "age": "36", "occupation": "mathematician", "interests": "chess"}


def test_personas_and_chat_share_one_worker(fresh_python: PagePython) -> None:
    async def both(inputs: dict[str, str]) -> dict[str, Any]:
        from pywebllm import AsyncWebLLM, WebLLMService

        async with AsyncWebLLM() as llm:
            service = WebLLMService(client=llm, max_tokens=20)
            initialized = await service.initialize("shared")
            persona = await service.generate_persona(inputs, seed=1)
            ask = {"role": "user", "content": "Name: Ada, age: 36"}
            reply = await llm.chat.completions.create(messages=[ask], max_tokens=8)
            await service.dispose()
            kept = [service.is_initialized, llm.is_loaded()]
            again = await llm.chat.completions.create(messages=[ask], max_tokens=8)
        return {
            "initialized": initialized,
            "persona": persona,
            "reply": reply.text,
            "again": again.text,
            "kept": kept,
        }

    opened: list[str] = []
    fresh_python.page.on("worker", lambda worker: opened.append(worker.url))
    result = fresh_python.run(both, inputs=ADA)
    assert result["initialized"] is True
    assert "Ada" in result["persona"]
    assert result["reply"]
    assert result["again"]
    assert result["kept"] == [False, True]
    assert len(opened) == 1
