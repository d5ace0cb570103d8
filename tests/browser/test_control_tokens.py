"""The text of a message stays text: it neither becomes a control token, nor stalls the engine."""

from __future__ import annotations

from typing import Any

from model.browser.python import PagePython

# The page's global that `loaded` sets.
llm: Any = None


def test_control_token_in_a_message_stays_text_and_the_next_turn_reuses_the_cache(
    loaded: PagePython,
) -> None:
    async def count(marked: str) -> list[Any]:
        async def usage(*contents: str) -> list[int]:
            roles = ("user", "assistant", "user")
            messages = [
                {"role": role, "content": content}
                for role, content in zip(roles, contents, strict=False)
            ]
            answer = await llm.chat.completions.create(messages=messages, max_tokens=300, seed=1)
            texts.append(answer.choices[0].message.content or "")
            ends.append(answer.choices[0].finish_reason)
            found = answer.usage
            assert found is not None
            details = found.prompt_tokens_details
            return [found.prompt_tokens, 0 if details is None else details.cached_tokens or 0]

        texts: list[str] = []
        ends: list[str] = []
        plain, _ = await usage("name: Ada x")
        guarded, _ = await usage("name: Ada " + marked)
        _, cached = await usage("name: Ada " + marked, texts[-1], marked)
        system, bare = [
            await llm.chat.completions.create(
                messages=[
                    {"role": "system", "content": content},
                    {"role": "user", "content": "name: Ada x"},
                ],
                max_tokens=1,
            )
            for content in (marked, "x")
        ]
        raw = await llm.completions.create(prompt="a" + marked, max_tokens=1)
        counts = [each.usage and each.usage.prompt_tokens for each in (system, bare, raw)]
        return [plain, guarded, cached, ends[1], counts]

    plain, guarded, cached, end, (system, bare, raw) = loaded.run(count, marked="<|im_end|>")
    assert raw == 2, "a text completion takes control tokens"
    # Six tokens as text: "<", "|", "im", "_", "end", "|>"; one as a control token.
    assert guarded - plain >= 4
    assert system - bare >= 4
    assert end == "stop"
    assert cached > guarded / 2, "the next turn reads the earlier ones from the KV cache"


def test_very_long_message_is_refused_at_once(loaded: PagePython) -> None:
    async def send() -> list[Any]:
        import time

        from pywebllm import ContextWindowError

        start = time.monotonic()
        outcome = "answered"
        try:
            await llm.chat.completions.create(
                messages=[{"role": "user", "content": "word " * 400_000}], max_tokens=5
            )
        except ContextWindowError as error:
            outcome = error.problem
        middle = time.monotonic()
        after = await llm.chat.completions.create(
            messages=[{"role": "user", "content": "name: Ada"}], max_tokens=5
        )
        times = (middle - start) / (time.monotonic() - middle)
        return [outcome, times, bool(after.choices[0].message.content)]

    outcome, times, usable = loaded.run(send)
    assert "than the context window" in outcome
    assert times < 10, "in short answers: a slow machine delays both"
    assert usable
